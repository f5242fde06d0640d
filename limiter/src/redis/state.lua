-- Reads the arguments of a call, and reads and writes the state of a quota. This is the first part
-- of the script, before rates.lua, running.lua, line.lua, requests.lua, classes.lua, passing.lua,
-- turns.lua and call.lua.
--
-- The state is a hash. Its numbers are doubles, exact up to 2^53, and never printed in exponent
-- notation. All times are in microseconds.

local LARGEST = 2 ^ 53

local state = KEYS[2]
-- The time of the call, the earliest start of the next request, and the factor by which refusals
-- slow down the pace, in thousandths.
local now, start, slowdown
-- The fields that are written at the end of the call, and their values.
local changes
-- The position of the last argument that was read.
local position

local function arg()
  position = position + 1
  return ARGV[position]
end

local function number()
  position = position + 1
  return tonumber(ARGV[position])
end

-- Skips arguments.
local function skip(count)
  position = position + count
end

local function text(value)
  return string.format('%.0f', value)
end

-- Formats a tag of a class.
local function tag_text(value)
  return string.format('%.3f', value)
end

-- Parses a number of the state. Returns nil if it is missing or damaged.
local function saved_number(value)
  local parsed = tonumber(value)
  if parsed and parsed >= -LARGEST and parsed <= LARGEST then
    return parsed
  end
end

local function change(field, value)
  changes[#changes + 1] = field
  changes[#changes + 1] = value
end

-- Keeps a key for at least this number of milliseconds. Returns true if that changed its expiry.
local function keep(key, time)
  if redis.call('PTTL', key) < time then
    redis.call('PEXPIRE', key, text(2 * time))
    return true
  end
end

