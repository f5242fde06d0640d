-- Admits the requests of one process to one quota. This is the last part of the script.
--
-- A call has everything that a process sends for the quota: its waiting requests, in order, and the
-- changes since its last call. The script admits requests from the first one on, for as long as
-- they may start within a turn, and returns when each may start.
--
-- protocol.rs describes KEYS, ARGV and the reply, all in this order.

-- How long the reply to a call is kept, in milliseconds. Calls that are repeated later have no
-- refunds.
local REPLY = 120000
local YEAR = 366 * 86400 * 1000000

local version_key, reply_key = KEYS[1], KEYS[4]
local rates, concurrency

-- Sets the time of the call, and returns the offset.
--
-- The time of the quota never goes back. If the server's clock steps back, the difference is added
-- from then on, so that nothing has to wait until the clock has caught up.
local function set_time(last_now, offset)
  local time = redis.call('TIME')
  last_now, offset = saved_number(last_now), saved_number(offset) or 0
  now = tonumber(time[1]) * 1000000 + tonumber(time[2]) + offset
  if last_now and now < last_now then
    offset = offset + last_now - now
    now = last_now
  end
  return offset
end

-- Returns the end of the pause, after the change of this call.
local function pause_end(paused, resumes, pause_for)
  paused = saved_number(paused) or 0
  -- No process pauses for more than a year, so a longer pause is damaged data.
  if resumes > 0 or paused > now + YEAR then
    paused = 0
  end
  if pause_for > 0 then
    paused = math.max(paused, now + pause_for)
  end
  return paused
end

-- Reads and applies the changes of costs, and the tasks that have ended.
local function apply_changes()
  for _ = 1, number() do
    local at = math.min(number(), start)
    for _, rate in ipairs(rates) do
      correct(rate, at, number())
    end
  end
  for _ = 1, number() do
    local task, weight = arg(), number()
    for _, limit in ipairs(concurrency) do
      remove_task(limit, task, weight)
    end
  end
end

-- Reads the waiting requests: the lease of a task or an empty string, the amount for each rate
-- limit, and the weight for each limit on concurrency. `delay` is how long a request takes at the
-- pace.
local function read_requests()
  local requests = {}
  for index = 1, number() do
    local lease, amounts, weights, delay = arg(), {}, nil, 0
    for index_of_rate = 1, #rates do
      local amount = number()
      amounts[index_of_rate] = amount
      delay = math.max(delay, amount * rates[index_of_rate].delay)
    end
    if concurrency[1] then
      weights = {}
      for index_of_limit = 1, #concurrency do
        weights[index_of_limit] = number()
      end
    end
    requests[index] = { lease = lease, amounts = amounts, weights = weights, delay = delay }
  end
  return requests
end

-- Returns the earliest start of a request from a time on, and the number of the limit that it
-- exceeds by itself, or 0.
local function earliest_start(request, at)
  local too_large = 0
  for index = 1, #rates do
    local rate, amount = rates[index], request.amounts[index]
    if amount > rate.limit then
      too_large = index
    end
    if rate.credit >= 0 then
      at = math.max(at, math.ceil(rate.next))
    end
    at = math.max(at, room_at(rate, amount))
  end
  return at, too_large
end

-- Returns true if running requests leave no room for a request.
local function is_full(request)
  for index = 1, #concurrency do
    local limit, weight = concurrency[index], request.weights[index]
    if weight > 0 and limit.running + weight > limit.limit then
      return true
    end
  end
end

-- Counts a request that starts at a time.
local function count_request(request, at, call)
  for index = 1, #rates do
    local rate, amount = rates[index], request.amounts[index]
    advance(rate, at)
    take(rate, at, amount)
    pace(rate, at, amount)
  end
  for index = 1, #concurrency do
    local limit, weight = concurrency[index], request.weights[index]
    limit.running = limit.running + weight
    if request.lease == '' then
      limit.held = limit.held + weight
    else
      add_task(limit, request.lease, weight, at + call.lease)
      keep(limit.tasks_key, math.max(call.ttl, math.ceil(call.lease / 1000)))
    end
  end
end

-- Admits requests, as many as may start within a turn. Returns their starts, when the next one may
-- start, and the number of the limit that it exceeds by itself, or 0.
local function admit(requests, paused, call)
  local starts, text_of_start = {}, nil
  -- A turn lasts for a fixed time from the first start, however early the process calls, because
  -- other processes plan with that.
  local latest = now + call.turn + call.lead
  for _, request in ipairs(requests) do
    local at, too_large = earliest_start(request, math.max(start, paused))
    if too_large > 0 then
      return starts, 0, too_large
    end
    if is_full(request) then
      -- Processes are not notified when others end requests, so this one has to call again.
      return starts, math.max(at, now + call.turn + call.lead + 1), 0
    end
    if at > latest then
      return starts, at, 0
    end
    if #starts == 0 then
      latest = at + call.turn - 1
    end
    count_request(request, at, call)
    -- Requests of a call often start at the same time, so the text is reused.
    text_of_start = at == start and text_of_start or text(at)
    start = at
    starts[#starts + 1] = text_of_start
  end
  return starts, 0, 0
end

-- Puts the process into the line for the requests that were not admitted, and returns when it
-- should call again: at its turn, as far as the demand of those ahead of it shows. `retry` is the
-- earliest start of the first of these requests, if that is known.
local function wait(requests, admitted, retry, paused, call, own, first, of_first)
  local demand = 0
  for index = admitted + 1, #requests do
    demand = math.min(demand + requests[index].delay, call.turn)
  end
  own = join(call.process, own, not first, demand)
  keep(line, call.ttl)
  local next_start = paces_ready_at(rates, math.max(start, paused))
  -- A process whose turn is far away calls before it too, so that others know that it still runs,
  -- and because its turn can come earlier than planned.
  local longest = 1000000
  local is_first = not first or first == call.process
  if not is_first then
    -- The turn of the first one can be much later than the pace allows, if a ledger has no room.
    local turn_of_first = of_first and of_first.turn or 0
    retry = math.max(next_start, turn_of_first) + math.max(own.place - head, 0)
    longest = math.min(math.max((retry - now) / 2, 1000000), 10000000)
  end
  retry = math.max(retry, next_start)
  local call_at = math.min(retry, now + longest)
  own.deadline, own.turn = call_at + call.grace, retry
  save_entry(call.process, own)
  return math.max(call_at - call.lead, now + (is_first and 1000 or 10000))
end

-- Executes the call and returns the reply. `resets` is how often damaged data was deleted before.
local function main(resets)
  position = 0
  local call = { version = arg(), process = arg(), sequence = number() }
  local version, last = unpack(redis.call('MGET', version_key, reply_key))
  -- Anything that is not a number is damaged.
  if tonumber(version) and version ~= call.version then
    return 'version ' .. version
  end
  call.turn, call.lead, call.grace = number(), number(), number()
  call.ttl, call.lease = number(), number()
  local resumes, pause_for = number(), number()
  slowdown = number()

  rates, concurrency = {}, {}
  local fields = { 'now', 'offset', 'paused', 'start', 'head', 'tail', 'wait:' .. call.process }
  for index = 1, number() do
    rates[index] = read_rate(fields)
  end
  for index = 1, number() do
    concurrency[index] = read_concurrency(index, call.process, fields)
  end
  local saved = redis.call('HMGET', state, unpack(fields))
  local offset = set_time(saved[1], saved[2])

  -- A call whose reply was lost is repeated with the same number, and gets the same reply. Only the
  -- time is new, so that the process knows how late it is. A call that arrives after a later one
  -- must not be executed.
  local last_sequence, last_reply = string.match(last or '', '^(%d+) (.*)$')
  last_sequence = tonumber(last_sequence)
  if last_sequence == call.sequence then
    return text(now) .. ' ' .. last_reply
  elseif last_sequence and last_sequence > call.sequence then
    return 'stale ' .. text(last_sequence)
  end

  changes = { 'now', text(now), 'offset', text(offset) }
  local paused = pause_end(saved[3], resumes, pause_for)
  -- Requests start in the order in which they were admitted. The last start is at most a few turns
  -- ahead, unless it is damaged.
  start = saved_number(saved[4]) or 0
  if start < now or start > now + 10 * call.turn then
    start = now
  end
  for _, rate in ipairs(rates) do
    load_rate(rate, call.process, saved)
    advance(rate, now)
  end
  apply_changes()
  for _, limit in ipairs(concurrency) do
    load_running(limit, call.process, saved)
  end

  local requests = read_requests()
  head, tail = saved_number(saved[5]) or 0, saved_number(saved[6]) or 0
  local own = parse_entry(saved[7])
  local starts, retry, too_large = {}, 0, 0
  if #requests > 0 then
    local first, of_first = skip_late(call.process, own)
    if not first or first == call.process then
      starts, retry, too_large = admit(requests, paused, call)
      if #starts > 0 and first then
        -- The process has had its turn. If it has more requests, it joins the line again, at the end.
        leave(call.process, own)
        own = nil
        first, of_first = first_in_line(call.process)
      end
    end
    if #starts < #requests then
      retry = wait(requests, #starts, retry, paused, call, own, first, of_first)
    end
  elseif saved[7] then
    leave(call.process, own)
  end

  change('paused', text(paused))
  change('start', text(start))
  local reply = {
    text(retry), text(too_large), text(paused), text(offset), text(resets), text(#starts),
  }
  for _, at in ipairs(starts) do
    reply[#reply + 1] = at
  end
  for _, rate in ipairs(rates) do
    save_rate(rate)
    reply[#reply + 1] = text(rate.limit)
    reply[#reply + 1] = text(rate.total)
    reply[#reply + 1] = text(rate.next)
  end
  for _, limit in ipairs(concurrency) do
    save_running(limit, call.process)
    reply[#reply + 1] = text(limit.running)
  end
  redis.call('HSET', state, unpack(changes))
  -- The state outlives a pause. The version is kept as long as the state.
  local lasts = math.max(call.ttl, math.ceil((paused - now) / 1000) + 60000)
  if keep(state, lasts) or version ~= call.version then
    redis.call('SET', version_key, call.version, 'PX', text(2 * lasts))
  end
  reply = table.concat(reply, ' ')
  redis.call('SET', reply_key, text(call.sequence) .. ' ' .. reply, 'PX', text(REPLY))
  return text(now) .. ' ' .. reply
end

-- Parts of error messages that damaged data causes. Other errors, such as a lack of memory, are no
-- reason to delete the data.
local DAMAGE = { 'WRONGTYPE', 'not an integer', 'not a valid float', 'would overflow', 'attempt to' }

local is_ok, reply = pcall(main, 0)
if is_ok then
  return reply
end
local message = type(reply) == 'table' and reply.err or tostring(reply)
-- Clients recognize an error by its code, but older servers put a position before that.
message = string.gsub(message, '^@?user_script: ?%d+: ?%-?', '')
for _, words in ipairs(DAMAGE) do
  if string.find(message, words, 1, true) then
    -- The quota starts again, as after the loss of its state.
    redis.call('DEL', unpack(KEYS))
    return main(1)
  end
end
return redis.error_reply(message)
