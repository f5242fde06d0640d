-- Rate limits. This is the second part of the script.
--
-- For each rate limit, the state has a ledger: the amount of each time slot, their total, and the
-- oldest slot that can have an amount. It also has the pace: the time from which the next request
-- may start.

local SLOTS = 256
-- How long a limit that a process has stated also applies to processes that state a higher one.
local STATED = 12000000

-- Reads the arguments of a rate limit, and adds its fields to those of the state to read.
local function read_rate(fields)
  local name = arg()
  local rate = {
    name = name, limit = number(), window = number(), span = number(), credit = number(),
    idle_credit = number(), initial_credit = number(), known_next = number(),
    is_measured = number() > 0, field = #fields + 1,
  }
  for _, field in ipairs({ ':limit', ':since', ':by', ':total', ':oldest', ':next' }) do
    fields[#fields + 1] = name .. field
  end
  return rate
end

-- Returns the names of the fields of slots.
local function slots(rate, first, last)
  local names = {}
  for slot = first, last do
    names[#names + 1] = rate.name .. ':' .. text(slot)
  end
  return names
end

-- Computes the total from the slots.
local function count(rate)
  rate.oldest = math.floor(now / rate.slot) - SLOTS + 1
  rate.total = 0
  local names = slots(rate, rate.oldest, rate.oldest + 2 * SLOTS)
  for _, amount in ipairs(redis.call('HMGET', state, unpack(names))) do
    rate.total = rate.total + (saved_number(amount) or 0)
  end
end

-- Reads the state of a limit.
local function load_rate(rate, process, saved)
  local limit, since, by, total, oldest, next_start = unpack(saved, rate.field, rate.field + 5)
  rate.slot = math.max(1, math.ceil(rate.span / (SLOTS - 1)))
  -- The lowest limit that a process has stated recently applies to all.
  limit, since = saved_number(limit), saved_number(since) or 0
  local stated, age = rate.limit, now - since
  if limit and limit < stated and by ~= process and age >= 0 and age < STATED then
    rate.limit = limit
  elseif stated > 0 and (limit ~= stated or age < 0 or age > 1000000) then
    change(rate.name .. ':limit', text(stated))
    change(rate.name .. ':since', text(now))
    change(rate.name .. ':by', process)
  end
  rate.delay = rate.window / math.max(rate.limit, 1)
  rate.next = saved_number(next_start)
  if not rate.next then
    rate.next = now - rate.initial_credit
    -- The state was lost. The first process to call reports the pace that it knows.
    if rate.known_next > 0 and rate.known_next <= now + rate.span then
      rate.next = math.max(now, rate.known_next)
    end
  elseif limit and limit < rate.limit and rate.next > now then
    -- A higher limit shortens the wait that the lower one caused.
    rate.next = now + (rate.next - now) * limit / rate.limit
  end
  rate.next = math.min(rate.next, start + rate.span)
  rate.total, rate.oldest = saved_number(total), saved_number(oldest)
  local passed = math.floor(start / rate.slot) - (rate.oldest or 0)
  if not (total or oldest or next_start) then
    rate.total, rate.oldest = 0, 0
  elseif not (rate.total and rate.oldest) or rate.total < 0 or passed < 0 or passed > 3 * SLOTS then
    -- All slots have expired after an idle time, or the state is damaged.
    if rate.oldest then
      redis.call('HDEL', state, unpack(slots(rate, rate.oldest, rate.oldest + SLOTS)))
    end
    count(rate)
  end
end

-- Writes the amount that was collected for a slot. Most requests of a call share a slot.
local function write(rate)
  if rate.unwritten and rate.unwritten ~= 0 then
    local field = rate.name .. ':' .. text(rate.unwritten_slot)
    redis.call('HINCRBY', state, field, text(rate.unwritten))
    rate.unwritten = 0
  end
end

local function take(rate, at, amount)
  if amount ~= 0 then
    local slot = math.floor(at / rate.slot)
    if slot ~= rate.unwritten_slot then
      write(rate)
      rate.unwritten_slot, rate.unwritten = slot, 0
    end
    rate.unwritten = rate.unwritten + amount
    rate.total = rate.total + amount
    if slot == rate.known_slot then
      rate.known = rate.known + amount
    end
  end
end

-- Returns the amount of a slot, and keeps it, because most corrections of a call share a slot.
local function amount_of(rate, slot)
  if slot ~= rate.known_slot then
    write(rate)
    rate.known_slot = slot
    rate.known = saved_number(redis.call('HGET', state, rate.name .. ':' .. text(slot))) or 0
  end
  return rate.known
end

-- Forgets the amounts that have expired at a time, which must not be after the start of the next
-- request.
local function advance(rate, at)
  local oldest = math.floor(at / rate.slot) - SLOTS + 1
  if oldest <= rate.oldest then
    return
  end
  write(rate)
  if rate.oldest > 0 then
    local names = slots(rate, rate.oldest, math.min(oldest - 1, rate.oldest + 2 * SLOTS))
    for _, amount in ipairs(redis.call('HMGET', state, unpack(names))) do
      rate.total = rate.total - (saved_number(amount) or 0)
    end
    redis.call('HDEL', state, unpack(names))
    if oldest - rate.oldest >= SLOTS then
      -- Everything has expired, which corrects any error in the total.
      rate.total = 0
    end
  end
  rate.oldest = oldest
end

-- Returns the earliest time at which there is room for an amount.
local function room_at(rate, amount)
  -- In this order, all differences are exact. The sum of the total and the amount could be above
  -- 2^53.
  local needed = amount - (rate.limit - rate.total)
  if needed <= 0 then
    return 0
  end
  write(rate)
  for first = rate.oldest, rate.oldest + 2 * SLOTS, 32 do
    local names = slots(rate, first, first + 31)
    for index, taken in ipairs(redis.call('HMGET', state, unpack(names))) do
      needed = needed - (saved_number(taken) or 0)
      if needed <= 0 then
        return (first + index - 1 + SLOTS) * rate.slot
      end
    end
  end
  -- The total is larger than the sum of the slots.
  if amount <= rate.limit then
    count(rate)
  end
  return amount <= rate.limit - rate.total and 0 or start + rate.span
end

-- Delays the next request after an amount that starts at a time.
local function pace(rate, at, amount)
  if rate.credit >= 0 then
    local from = rate.next
    if at - from > rate.credit then
      from = at - rate.idle_credit
    end
    rate.next = math.min(from + amount * rate.delay * slowdown / 1000, at + rate.span)
  end
end

-- Changes the amount of a request that started at a time.
local function correct(rate, at, difference)
  local slot = math.floor(at / rate.slot)
  local is_alive = slot >= rate.oldest
  if difference > 0 then
    -- Not at `now`, because the slot of `now` may be forgotten if the window is shorter than a
    -- turn.
    take(rate, is_alive and at or start, difference)
    pace(rate, now, difference)
  elseif difference < 0 and is_alive then
    -- Not more than the slot has, in case the state was lost.
    difference = math.max(difference, -math.max(amount_of(rate, slot), 0))
    take(rate, at, difference)
    if rate.credit >= 0 then
      rate.next = math.max(0, rate.next + difference * rate.delay)
    end
  end
end

-- Returns the earliest time at which the paces are ready, from a time on: those of measured amounts
-- such as tokens, or the others.
local function paced_until(rates, is_measured, at)
  for _, rate in ipairs(rates) do
    if rate.credit >= 0 and rate.is_measured == is_measured then
      at = math.max(at, math.ceil(rate.next))
    end
  end
  return at
end

-- Writes the state of a limit.
local function save_rate(rate)
  write(rate)
  change(rate.name .. ':total', text(rate.total))
  change(rate.name .. ':oldest', text(rate.oldest))
  change(rate.name .. ':next', text(rate.next))
end

