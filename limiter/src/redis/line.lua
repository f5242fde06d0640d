-- The line of waiting processes. This is the fourth part of the script.
--
-- The process that has waited longest is served first. It leaves the line when a request of it is
-- admitted, or if it does not call in time for its turn.
--
-- The demand of a process is how long its waiting requests take at the pace, up to a turn. `tail`
-- is the sum of the demands of all processes that have joined the line, and `head` of those that
-- have left it. The place of a process is the tail when it joined, so `place - head` is the demand
-- of the processes ahead of it.

local line = KEYS[3]
local head, tail

-- Parses the entry of a process. Returns nil if it is missing or damaged.
local function parse_entry(value)
  local place, demand, deadline, turn = string.match(value or '', '^(%d+) (%d+) (%d+) (%d+)$')
  return place and {
    place = tonumber(place), demand = tonumber(demand),
    deadline = tonumber(deadline), turn = tonumber(turn),
  }
end

local function save_entry(process, entry)
  local format = '%.0f %.0f %.0f %.0f'
  local value = string.format(format, entry.place, entry.demand, entry.deadline, entry.turn)
  change('wait:' .. process, value)
end

local function leave(process, entry)
  redis.call('ZREM', line, process)
  redis.call('HDEL', state, 'wait:' .. process)
  if entry then
    head = math.min(head + entry.demand, tail)
    change('head', text(head))
  end
end

-- Returns the first process in the line and its entry. `own` is the entry of the calling process.
local function first_in_line(process, own)
  local first = redis.call('ZRANGE', line, 0, 0)[1]
  if first and first ~= process then
    return first, parse_entry(redis.call('HGET', state, 'wait:' .. first))
  end
  return first, own
end

-- Removes the processes at the front of the line that have missed their turn. Returns the first one
-- that is left and its entry.
local function skip_late(process, own)
  local first, entry = first_in_line(process, own)
  while first and first ~= process and not (entry and now <= entry.deadline) do
    leave(first, entry)
    first, entry = first_in_line(process, own)
  end
  return first, entry
end

-- Joins the line, or stays in it, with this demand. Returns the entry of the process.
local function join(process, own, is_alone, demand)
  if redis.call('ZADD', line, 'NX', text(now), process) == 1 or not own then
    own = { place = tail, demand = 0 }
    if is_alone then
      -- The line is empty, which corrects any error in the head.
      head = tail
      change('head', text(head))
    end
  end
  demand = math.max(demand, own.demand)
  tail = tail + demand - own.demand
  change('tail', text(tail))
  own.demand = demand
  return own
end

