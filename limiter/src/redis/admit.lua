-- Admits requests of one process to one quota.
--
-- One call carries everything that a process has for the quota: requests that wait, in their order,
-- and corrections of earlier ones. It admits requests from the head as far as they may start within
-- a turn, and returns when each may start.
--
-- KEYS  1 state (hash), 2 line of waiting processes (sorted set), 3 last reply to this process,
--       4.. the running requests of each concurrency limit (sorted sets by expiry)
-- ARGV  see `StoredQuota::call` in quota.rs; all times are in microseconds
--
-- The state has, for each limit with a window, the amounts taken by time slot, their total, the
-- oldest slot that can have an amount, and the time from which the pace allows the next request.
-- Numbers are doubles: exact up to 2^53, and never printed in exponent notation.

local SLOTS = 256

local position = 0
local function arg()
  position = position + 1
  return ARGV[position]
end
local function number()
  return tonumber(arg())
end
local function text(value)
  return string.format('%.0f', value)
end

-- Keeps a key for a time, unless another process has set a longer one.
local function keep(key, time)
  if redis.call('PTTL', key) < time then
    redis.call('PEXPIRE', key, text(time))
  end
end

local state, line, reply_key = KEYS[1], KEYS[2], KEYS[3]
local process, sequence = arg(), arg()

local turn, lead, grace, ttl, lease = number(), number(), number(), number(), number()
local pause_for, slowdown = number(), number()

-- Limits with a window.
local rates = {}
local fields = { 'now', 'offset', 'paused', 'start' }
for index = 1, number() do
  local name = arg()
  for _, field in ipairs({ ':limit', ':since', ':total', ':oldest', ':next' }) do
    fields[#fields + 1] = name .. field
  end
  rates[index] = { name = name, limit = number(), window = number(), span = number(), credit = number(), idle_credit = number(), known_next = number() }
end
local saved = redis.call('HMGET', state, unpack(fields))

-- The time of the quota never goes back. If the clock of the server does, the difference is added
-- from then on, so that nothing waits for the old time.
local is_new = not saved[1]
local time = redis.call('TIME')
local offset = tonumber(saved[2]) or 0
local now = tonumber(time[1]) * 1000000 + tonumber(time[2]) + offset
if not is_new and now < tonumber(saved[1]) then
  offset = offset + tonumber(saved[1]) - now
  now = tonumber(saved[1])
end

-- A call whose reply was lost is repeated with the same number, and has the same reply. Only the time
-- is that of the repetition, by which the process knows how late it is.
local last = redis.call('GET', reply_key)
if last then
  local last_sequence, reply = string.match(last, '^(%d+) (.*)$')
  if last_sequence == sequence then
    return text(now) .. ' ' .. reply
  end
end

local paused = tonumber(saved[3]) or 0
if pause_for > 0 then
  paused = math.max(paused, now + pause_for)
end
-- Requests start in the order in which they were admitted.
local start = math.max(tonumber(saved[4]) or 0, now)

local changes = { 'now', text(now), 'offset', text(offset), 'paused', text(paused) }
local function change(field, value)
  changes[#changes + 1] = field
  changes[#changes + 1] = text(value)
end

for index, rate in ipairs(rates) do
  local limit, since, total, oldest, next_start = unpack(saved, 5 * index, 5 * index + 4)
  rate.slot = math.max(1, math.ceil(rate.span / (SLOTS - 1)))
  -- The tightest limit that a process has stated lately holds for all.
  limit, since = tonumber(limit), tonumber(since)
  if limit and limit < rate.limit and now - since < math.min(2 * rate.span, 180000000) then
    rate.limit = limit
  elseif rate.limit > 0 then
    change(rate.name .. ':limit', rate.limit)
    change(rate.name .. ':since', now)
  end
  rate.delay = rate.window / math.max(rate.limit, 1)
  rate.total = tonumber(total) or 0
  rate.oldest = tonumber(oldest) or 0
  rate.next = tonumber(next_start) or now
  -- After the state was lost, the processes report the pace that they knew.
  if not next_start and rate.known_next <= now + rate.span then
    rate.next = math.max(rate.next, rate.known_next)
  end
end

-- Amounts of one slot are written together, because most requests of a call share one.
local function write(rate)
  if rate.unwritten and rate.unwritten ~= 0 then
    redis.call('HINCRBY', state, rate.name .. ':' .. text(rate.unwritten_slot), text(rate.unwritten))
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

-- Returns the amount of a slot. Keeps it, because most corrections of a call share a slot.
local function amount_of(rate, slot)
  if slot ~= rate.known_slot then
    write(rate)
    rate.known_slot = slot
    rate.known = tonumber(redis.call('HGET', state, rate.name .. ':' .. text(slot))) or 0
  end
  return rate.known
end

-- Forgets what has expired at a time. Only called with times at which a request starts.
local function advance(rate, at)
  local oldest = math.floor(at / rate.slot) - SLOTS + 1
  if oldest <= rate.oldest then
    return
  end
  write(rate)
  if rate.oldest > 0 then
    local fields = {}
    for slot = rate.oldest, math.min(oldest - 1, rate.oldest + 2 * SLOTS) do
      fields[#fields + 1] = rate.name .. ':' .. text(slot)
    end
    for _, amount in ipairs(redis.call('HMGET', state, unpack(fields))) do
      rate.total = rate.total - (tonumber(amount) or 0)
    end
    redis.call('HDEL', state, unpack(fields))
  end
  rate.oldest = oldest
end

-- Returns the earliest time at which there is room for an amount.
local function room_at(rate, amount)
  -- Exact, while the sum of the total and the amount can be above 2^53.
  local needed = amount - (rate.limit - rate.total)
  if needed <= 0 then
    return 0
  end
  write(rate)
  for first = rate.oldest, rate.oldest + 2 * SLOTS, 32 do
    local fields = {}
    for slot = first, first + 31 do
      fields[#fields + 1] = rate.name .. ':' .. text(slot)
    end
    for index, taken in ipairs(redis.call('HMGET', state, unpack(fields))) do
      needed = needed - (tonumber(taken) or 0)
      if needed <= 0 then
        return (first + index - 1 + SLOTS) * rate.slot
      end
    end
  end
  return start + rate.span
end

local function pace(rate, at, amount)
  if rate.credit >= 0 then
    local from = rate.next
    if at - from > rate.credit then
      from = at - rate.idle_credit
    end
    rate.next = math.min(from + amount * rate.delay * slowdown / 1000, at + rate.span)
  end
end

for _, rate in ipairs(rates) do
  advance(rate, now)
end

-- Limits on concurrency. What has not ended within the longest duration has expired.
local concurrency = {}
for index = 1, number() do
  local key, limit = KEYS[3 + index], number()
  redis.call('ZREMRANGEBYSCORE', key, '-inf', text(now))
  concurrency[index] = { key = key, limit = limit, running = redis.call('ZCARD', key) }
end

-- Corrections: the time at which a request started, and the change of each amount.
for _ = 1, number() do
  local at = math.min(number(), start)
  for _, rate in ipairs(rates) do
    local difference = number()
    local slot = math.floor(at / rate.slot)
    local is_alive = slot >= rate.oldest
    if difference > 0 then
      -- Not at `now`: if the window is shorter than a turn, the slot of `now` can already be forgotten.
      take(rate, is_alive and at or start, difference)
      pace(rate, now, difference)
    elseif difference < 0 and is_alive then
      -- Not more than is known, in case the state was lost.
      difference = math.max(difference, -math.max(amount_of(rate, slot), 0))
      take(rate, at, difference)
      if rate.credit >= 0 then
        rate.next = math.max(0, rate.next + difference * rate.delay)
      end
    end
  end
end
for _ = 1, number() do
  local id = arg()
  for _, limit in ipairs(concurrency) do
    limit.running = limit.running - redis.call('ZREM', limit.key, id)
  end
end

-- Requests: an ID, and the amount of each limit with a window. Each counts once while it runs.
local requests = {}
for index = 1, number() do
  local request = { id = arg(), amounts = {} }
  local longest = 0
  for number_of_rate, rate in ipairs(rates) do
    local amount = number()
    request.amounts[number_of_rate] = amount
    longest = math.max(longest, amount * rate.delay)
  end
  request.delay = longest
  requests[index] = request
end

-- The line: the process that has waited longest is served first, until one of its requests was
-- admitted. It loses its turn if it does not call in time.
local function leave(other)
  redis.call('ZREM', line, other)
  redis.call('HDEL', state, 'deadline:' .. other, 'demand:' .. other, 'turn:' .. other)
end
-- The first process in the line whose turn has not passed, if any waits.
local first
if #requests == 0 then
  leave(process)
else
  first = redis.call('ZRANGE', line, 0, 0)[1]
  while first and first ~= process do
    local deadline = tonumber(redis.call('HGET', state, 'deadline:' .. first))
    if deadline and now <= deadline then
      break
    end
    leave(first)
    first = redis.call('ZRANGE', line, 0, 0)[1]
  end
end

local starts = {}
local too_large = 0
local retry = 0
-- A turn lasts for a fixed time from the first start, however early the process calls. The others
-- count on that.
local latest = now + turn + lead
if not first or first == process then
  for _, request in ipairs(requests) do
    local at = math.max(start, paused)
    for index, rate in ipairs(rates) do
      local amount = request.amounts[index]
      if amount > rate.limit then
        too_large = index
      end
      if rate.credit >= 0 then
        at = math.max(at, math.ceil(rate.next))
      end
      at = math.max(at, room_at(rate, amount))
    end
    local is_full = false
    for _, limit in ipairs(concurrency) do
      if limit.running >= limit.limit then
        is_full = true
        -- A process that releases one does not notify the others, so they ask again.
        at = math.max(at, now + turn + lead + 1)
      end
    end
    if too_large > 0 then
      break
    end
    if is_full or at > latest then
      retry = at
      break
    end
    if #starts == 0 then
      latest = at + turn - 1
    end
    for index, rate in ipairs(rates) do
      advance(rate, at)
      take(rate, at, request.amounts[index])
      pace(rate, at, request.amounts[index])
    end
    for _, limit in ipairs(concurrency) do
      redis.call('ZADD', limit.key, text(at + lease), request.id)
      limit.running = limit.running + 1
    end
    start = at
    starts[#starts + 1] = text(at)
  end
  if #starts > 0 and first then
    leave(process)
  end
end

-- When to call again: when the turn of the process comes, by what those ahead of it ask for.
if #starts < #requests then
  redis.call('ZADD', line, 'NX', text(now), process)
  keep(line, ttl)
  local next_start = math.max(start, paused)
  for _, rate in ipairs(rates) do
    if rate.credit >= 0 then
      next_start = math.max(next_start, rate.next)
    end
  end
  local rank = redis.call('ZRANK', line, process) or 0
  if rank > 0 then
    -- The turn of the first one may be much later than the pace allows, if it waits for room.
    local ahead = redis.call('ZRANGE', line, 0, rank - 1)
    retry = math.max(next_start, tonumber(redis.call('HGET', state, 'turn:' .. ahead[1])) or 0)
    for _, other in ipairs(ahead) do
      retry = retry + (tonumber(redis.call('HGET', state, 'demand:' .. other)) or 0)
    end
  end
  retry = math.max(retry, next_start)
  local demand = 0
  for index = #starts + 1, #requests do
    demand = math.min(demand + requests[index].delay, turn)
  end
  change('demand:' .. process, demand)
  change('turn:' .. process, retry)
  -- A process that waits long calls now and then, so that others know that it still runs.
  retry = math.min(retry, now + 1000000)
  change('deadline:' .. process, retry + grace)
  retry = math.max(retry - lead, now + (rank > 0 and 10000 or 1000))
end

change('start', start)
local reply = { text(retry), text(too_large), text(paused), text(offset), text(#starts) }
for _, at in ipairs(starts) do
  reply[#reply + 1] = at
end
for _, rate in ipairs(rates) do
  write(rate)
  change(rate.name .. ':total', rate.total)
  change(rate.name .. ':oldest', rate.oldest)
  change(rate.name .. ':next', rate.next)
  reply[#reply + 1] = text(rate.limit)
  reply[#reply + 1] = text(rate.total)
  reply[#reply + 1] = text(rate.next)
end
for _, limit in ipairs(concurrency) do
  reply[#reply + 1] = text(limit.running)
  keep(limit.key, math.max(ttl, math.ceil(lease / 1000)))
end
redis.call('HSET', state, unpack(changes))
keep(state, ttl)
reply = table.concat(reply, ' ')
redis.call('SET', reply_key, sequence .. ' ' .. reply, 'PX', text(ttl))
return text(now) .. ' ' .. reply
