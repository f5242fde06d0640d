-- Admits the requests of one process to one quota. This is the last part of the script, after
-- rates.lua and running.lua.
--
-- A call has everything that a process sends for the quota: its waiting requests, in order, and the
-- changes since its last call. The script admits requests from the first one on, for as long as
-- they may start within a turn, and returns when each may start.
--
-- protocol.rs describes KEYS, ARGV and the reply, all in this order. All times are in microseconds.

-- How long the reply to a call is kept, in milliseconds. Calls that are repeated later have no
-- refunds.
local REPLY = 120000
local YEAR = 366 * 86400 * 1000000

local version_key, line, reply_key = KEYS[1], KEYS[3], KEYS[4]
local resets = 0

-- Keeps a key for at least this number of milliseconds. Returns true if that changed its expiry.
local function keep(key, time)
  if redis.call('PTTL', key) < time then
    redis.call('PEXPIRE', key, text(2 * time))
    return true
  end
end

local function main()
  local position = 0
  local function arg()
    position = position + 1
    return ARGV[position]
  end
  local function number()
    return tonumber(arg())
  end

  local version, process, sequence = arg(), arg(), number()
  local version_and_reply = redis.call('MGET', version_key, reply_key)
  -- Anything that is not a number is damaged.
  if tonumber(version_and_reply[1]) and version_and_reply[1] ~= version then
    return 'version ' .. version_and_reply[1]
  end
  local turn, lead, grace, ttl, lease = number(), number(), number(), number(), number()
  local resumes, pause_for = number(), number()
  slowdown = number()

  -- The limits.
  local rates, concurrency = {}, {}
  local fields = { 'now', 'offset', 'paused', 'start', 'head', 'tail', 'wait:' .. process }
  local first_of_rates = #fields + 1
  for index = 1, number() do
    local name = arg()
    for _, field in ipairs({ ':limit', ':since', ':by', ':total', ':oldest', ':next' }) do
      fields[#fields + 1] = name .. field
    end
    rates[index] = {
      name = name, limit = number(), window = number(), span = number(),
      credit = number(), idle_credit = number(), initial_credit = number(), known_next = number(),
    }
  end
  local first_of_concurrency = #fields + 1
  for index = 1, number() do
    local name = arg()
    fields[#fields + 1] = 'held:' .. name
    fields[#fields + 1] = 'held:' .. name .. ':' .. process
    concurrency[index] = {
      field = 'held:' .. name, limit = number(), held = number(),
      tasks_key = KEYS[3 + 2 * index], held_key = KEYS[4 + 2 * index],
    }
  end
  local saved = redis.call('HMGET', state, unpack(fields))

  -- The time of the quota never goes back. If the server's clock steps back, the difference is
  -- added from then on, so that nothing has to wait until the clock has caught up.
  local time = redis.call('TIME')
  local last_now, offset = saved_number(saved[1]), saved_number(saved[2]) or 0
  now = tonumber(time[1]) * 1000000 + tonumber(time[2]) + offset
  if last_now and now < last_now then
    offset = offset + last_now - now
    now = last_now
  end

  -- A call whose reply was lost is repeated with the same number, and gets the same reply. Only the
  -- time is new, so that the process knows how late it is. A call that arrives after a later one
  -- must not be executed.
  local last_sequence, last_reply = string.match(version_and_reply[2] or '', '^(%d+) (.*)$')
  last_sequence = tonumber(last_sequence)
  if last_sequence == sequence then
    return text(now) .. ' ' .. last_reply
  elseif last_sequence and last_sequence > sequence then
    return 'stale ' .. text(last_sequence)
  end

  changes = { 'now', text(now), 'offset', text(offset) }

  local paused = saved_number(saved[3]) or 0
  -- No process pauses for more than a year, so a longer pause is damaged data.
  if resumes > 0 or paused > now + YEAR then
    paused = 0
  end
  if pause_for > 0 then
    paused = math.max(paused, now + pause_for)
  end
  -- Requests start in the order in which they were admitted. The last start is at most a few turns
  -- ahead, unless it is damaged.
  start = saved_number(saved[4]) or 0
  if start < now or start > now + 10 * turn then
    start = now
  end

  for index, rate in ipairs(rates) do
    local from = first_of_rates + 6 * (index - 1)
    load_rate(rate, process, unpack(saved, from, from + 5))
    advance(rate, now)
  end

  -- Corrections: the start of a request, and the change of each amount.
  for _ = 1, number() do
    local at = math.min(number(), start)
    for _, rate in ipairs(rates) do
      local difference = number()
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
  end

  -- Tasks that have ended. A task has one member for each unit of its weight.
  for _ = 1, number() do
    local id, weight = arg(), number()
    for _, limit in ipairs(concurrency) do
      for unit = 1, weight do
        redis.call('ZREM', limit.tasks_key, id .. '/' .. unit)
      end
    end
  end

  for index, limit in ipairs(concurrency) do
    local from = first_of_concurrency + 2 * (index - 1)
    load_running(limit, process, saved[from], saved[from + 1])
  end

  -- Requests: the lease of a task or an empty string, the amount for each rate limit, and the
  -- weight for each limit on concurrency.
  local requests = {}
  for index = 1, number() do
    local lease_of_task, amounts, weights, longest = arg(), {}, nil, 0
    for number_of_rate = 1, #rates do
      local amount = number()
      amounts[number_of_rate] = amount
      longest = math.max(longest, amount * rates[number_of_rate].delay)
    end
    if concurrency[1] then
      weights = {}
      for number_of_limit = 1, #concurrency do
        weights[number_of_limit] = number()
      end
    end
    requests[index] = { lease = lease_of_task, amounts = amounts, weights = weights, delay = longest }
  end

  -- The line of waiting processes. The process that has waited longest is served first, and leaves
  -- the line when a request of it is admitted, or if it does not call in time for its turn.
  --
  -- The demand of a process is how long its waiting requests take at the pace, up to a turn. `tail`
  -- is the sum of the demands of all processes that have joined the line, and `head` of those that
  -- have left it. The place of a process is the tail when it joined, so `place - head` is the
  -- demand of the processes ahead of it.
  local head, tail = saved_number(saved[5]) or 0, saved_number(saved[6]) or 0
  local function waiting(value)
    local place, demand, deadline, at = string.match(value or '', '^(%d+) (%d+) (%d+) (%d+)$')
    return place and {
      place = tonumber(place), demand = tonumber(demand), deadline = tonumber(deadline), turn = tonumber(at),
    }
  end
  local function leave(other, entry)
    redis.call('ZREM', line, other)
    redis.call('HDEL', state, 'wait:' .. other)
    if entry then
      head = math.min(head + entry.demand, tail)
      change('head', text(head))
    end
  end
  local own = waiting(saved[7])
  -- The first process in the line that has not missed its turn, if there is one.
  local first, of_first
  if #requests > 0 then
    first = redis.call('ZRANGE', line, 0, 0)[1]
    while first and first ~= process do
      of_first = waiting(redis.call('HGET', state, 'wait:' .. first))
      if of_first and now <= of_first.deadline then
        break
      end
      leave(first, of_first)
      first = redis.call('ZRANGE', line, 0, 0)[1]
    end
  elseif saved[7] then
    leave(process, own)
  end

  local starts, text_of_start, too_large, retry = {}, nil, 0, 0
  -- A turn lasts for a fixed time from the first start, however early the process calls, because
  -- other processes plan with that.
  local latest = now + turn + lead
  if not first or first == process then
    for _, request in ipairs(requests) do
      local at = math.max(start, paused)
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
      local is_full = false
      for index = 1, #concurrency do
        local limit, weight = concurrency[index], request.weights[index]
        if weight > 0 and limit.running + weight > limit.limit then
          is_full = true
          -- Processes are not notified when others end requests, so this one has to call again.
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
          for unit = 1, weight do
            redis.call('ZADD', limit.tasks_key, text(at + lease), request.lease .. '/' .. unit)
          end
          keep(limit.tasks_key, math.max(ttl, math.ceil(lease / 1000)))
        end
      end
      -- Requests of a call often start at the same time, so the text is reused.
      text_of_start = at == start and text_of_start or text(at)
      start = at
      starts[#starts + 1] = text_of_start
    end
    if #starts > 0 and first then
      -- Others are waiting, so the process goes to the end of the line.
      leave(process, own)
      own = nil
      first = redis.call('ZRANGE', line, 0, 0)[1]
      of_first = first and waiting(redis.call('HGET', state, 'wait:' .. first))
    end
  end

  -- When to call again for the other requests: at the turn of the process, as far as the demand of
  -- those ahead of it shows.
  if #starts < #requests then
    local demand = 0
    for index = #starts + 1, #requests do
      demand = math.min(demand + requests[index].delay, turn)
    end
    if redis.call('ZADD', line, 'NX', text(now), process) == 1 or not own then
      own = { place = tail, demand = 0 }
      if not first then
        -- The line is empty, which corrects any error in the head.
        head = tail
        change('head', text(head))
      end
    end
    keep(line, ttl)
    demand = math.max(demand, own.demand)
    tail = tail + demand - own.demand
    change('tail', text(tail))
    local next_start = math.max(start, paused)
    for _, rate in ipairs(rates) do
      if rate.credit >= 0 then
        next_start = math.max(next_start, rate.next)
      end
    end
    -- A process whose turn is far away calls before it too, so that others know that it still runs,
    -- and because its turn can come earlier than planned.
    local longest = 1000000
    local is_first = not first or first == process
    if not is_first then
      -- The turn of the first one can be much later than the pace allows, if a ledger has no room.
      local turn_of_first = of_first and of_first.turn or 0
      retry = math.max(next_start, turn_of_first) + math.max(own.place - head, 0)
      longest = math.min(math.max((retry - now) / 2, 1000000), 10000000)
    end
    retry = math.max(retry, next_start)
    local call_at = math.min(retry, now + longest)
    change('wait:' .. process, string.format('%.0f %.0f %.0f %.0f', own.place, demand, call_at + grace, retry))
    retry = math.max(call_at - lead, now + (is_first and 1000 or 10000))
  end

  change('paused', text(paused))
  change('start', text(start))
  local reply = { text(retry), text(too_large), text(paused), text(offset), text(resets), text(#starts) }
  for _, at in ipairs(starts) do
    reply[#reply + 1] = at
  end
  for _, rate in ipairs(rates) do
    write(rate)
    change(rate.name .. ':total', text(rate.total))
    change(rate.name .. ':oldest', text(rate.oldest))
    change(rate.name .. ':next', text(rate.next))
    reply[#reply + 1] = text(rate.limit)
    reply[#reply + 1] = text(rate.total)
    reply[#reply + 1] = text(rate.next)
  end
  for _, limit in ipairs(concurrency) do
    reply[#reply + 1] = text(limit.running)
    change(limit.field, text(limit.others + limit.held))
    if limit.held > 0 then
      change(limit.field .. ':' .. process, text(limit.held))
      if limit.stated == 0 then
        redis.call('ZADD', limit.held_key, text(now + HELD), process)
      end
      keep(limit.held_key, HELD / 1000)
    elseif limit.is_saved then
      redis.call('HDEL', state, limit.field .. ':' .. process)
    end
  end
  redis.call('HSET', state, unpack(changes))
  -- The state outlives a pause. The version is kept as long as the state.
  local lasts = math.max(ttl, math.ceil((paused - now) / 1000) + 60000)
  if keep(state, lasts) or version_and_reply[1] ~= version then
    redis.call('SET', version_key, version, 'PX', text(2 * lasts))
  end
  reply = table.concat(reply, ' ')
  redis.call('SET', reply_key, text(sequence) .. ' ' .. reply, 'PX', text(REPLY))
  return text(now) .. ' ' .. reply
end

-- Parts of error messages that damaged data causes. Other errors, such as a lack of memory, are no
-- reason to delete the data.
local DAMAGE = { 'WRONGTYPE', 'not an integer', 'not a valid float', 'would overflow', 'attempt to' }

local is_ok, reply = pcall(main)
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
    resets = 1
    return main()
  end
end
return redis.error_reply(message)
