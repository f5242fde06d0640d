-- Executes a call: everything that a process sends for a quota. This is the last part of the
-- script.
--
-- A call has the waiting requests of a process, in order, and the changes since its last call. The
-- script admits requests as long as they may start within a turn, and returns when each may start.
--
-- protocol.rs describes KEYS, ARGV and the reply, all in this order.

-- How long the reply to a call is kept, in milliseconds. Calls that are repeated later have no
-- refunds.
local REPLY = 120000
local YEAR = 366 * 86400 * 1000000

local version_key, reply_key = KEYS[1], KEYS[4]

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

-- Reads the limits and the classes of a call, and returns the classes and the fields of the state
-- to read.
local function read_header(call)
  local fields = { 'now', 'offset', 'paused', 'start', 'shares' }
  rates, concurrency = {}, {}
  -- The shortest window that has a pace, of which headroom is a part.
  call.window = math.huge
  for index = 1, number() do
    local rate = read_rate(fields)
    rates[index] = rate
    if rate.credit >= 0 then
      call.window = math.min(call.window, rate.window)
    end
  end
  call.window = call.window < math.huge and call.window or 0
  for index = 1, number() do
    concurrency[index] = read_concurrency(index, call.process, fields)
  end
  local classes = {}
  for index = 1, number() do
    -- The first class is the default one, which has no keys of its own.
    classes[index] = read_class(3 + 2 * #concurrency + 2 * index, call.process, fields)
  end
  return classes, fields
end

-- Reads and applies the changes of costs, and the tasks that have ended.
local function apply_changes(classes)
  for _ = 1, number() do
    if shares then
      local class, cost = classes[number()], number()
      class.tag = class.tag + cost / class.weight
    else
      skip(2)
    end
    local at = math.min(number(), start)
    for index = 1, #rates do
      correct(rates[index], at, number())
    end
  end
  for _ = 1, number() do
    local task, weight = arg(), number()
    for _, limit in ipairs(concurrency) do
      remove_task(limit, task, weight)
    end
  end
end

-- Reads the shares and the classes of the call, if another class than the default one is used.
local function load_shares(classes, saved)
  if not saved[5] and #classes == 1 then
    return
  end
  define_classes()
  define_passing()
  shares = sharing.parse(saved[5]) or sharing.new()
  for _, class in ipairs(classes) do
    sharing.load_class(class, saved)
  end
  -- Programs that do not know classes use the limits too. Their requests are of the default class.
  if shares.start and text(shares.start) ~= saved[4] then
    local charged = paced_until(rates, true, paced_until(rates, false, 0))
    charged = charged - math.max(shares.paced, saved_number(saved[1]) or now)
    classes[1].tag = classes[1].tag + math.max(charged, 0) / classes[1].weight
  end
end

-- Forgets classes that are not used. If only the default class is left, forgets the shares too.
local function end_shares(classes, other)
  if not shares then
    return
  end
  sharing.forget()
  if #classes == 1 and not other then
    local idle = redis.call('ZRANGE', idle_key, 0, 1)
    if #idle == 0 or #idle == 1 and idle[1] == '' then
      redis.call('HDEL', state, 'shares', 'class:')
      redis.call('ZREM', waiting_key, '')
      redis.call('ZREM', idle_key, '')
      shares = nil
    end
  end
end

-- Gives the classes their places before requests are admitted. Returns the classes in which it is
-- the turn of this process, and the first class of other processes.
local function order_classes(classes, process)
  local own, other = {}, shares and sharing.first_of_others(classes, process)
  if shares then
    local is_idle = not other
    for _, class in ipairs(classes) do
      is_idle = is_idle and not class.first
    end
    if is_idle and paced_until(rates, true, now) <= now then
      sharing.restart(classes)
    end
  end
  for _, class in ipairs(classes) do
    if shares and not class.first then
      class.tag = math.max(class.tag, shares.now)
    end
    class.is_next = not other or sharing.is_before(class.name, class.tag, other)
    if class.requests[1] and has_turn(class, process) then
      own[#own + 1] = class
    end
  end
  return own, other
end

-- Puts the process into the lines for the requests that were not admitted, and returns when it
-- should call again, or 0.
local function join_lines(classes, other, paused, call)
  local first, retry = shares and sharing.first_of_all(classes, other), nil
  for _, class in ipairs(classes) do
    local is_done = #class.starts == #class.requests
    local is_in_line = class.is_in_line or class.first == call.process
    if is_in_line and (is_done or #class.starts > 0) then
      -- The process has had its turn. If it has more requests, it joins the line again, at the end.
      leave(class, call.process, class.own)
      class.own = nil
      find_first(class, call.process)
    end
    if not is_done then
      retry = math.min(retry or math.huge, wait(class, first, paused, call))
    end
    if shares then
      sharing.save_class(class)
    end
    save_line(class, call)
  end
  return retry or 0
end

-- Writes the limits, and adds what the reply says about them.
local function save_limits(call, reply)
  local count = #reply
  for _, rate in ipairs(rates) do
    save_rate(rate)
    reply[count + 1], reply[count + 2] = text(rate.limit), text(rate.total)
    reply[count + 3] = text(rate.next)
    count = count + 3
  end
  for _, limit in ipairs(concurrency) do
    save_running(limit, call.process)
    count = count + 1
    reply[count] = text(limit.running)
  end
end

-- Executes the call and returns the reply. `resets` is how often damaged data was deleted before.
local function main(resets)
  position, shares, text_of_start = 0, nil, nil
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
  changes = {}
  local classes, fields = read_header(call)
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

  change('now', text(now))
  change('offset', text(offset))
  local paused = pause_end(saved[3], resumes, pause_for)
  -- Requests start in the order in which they were admitted. The last start is at most a few turns
  -- ahead, unless it is damaged.
  start = saved_number(saved[4]) or 0
  if start < now or start > now + 10 * call.turn then
    start = now
  end
  for _, rate in ipairs(rates) do
    load_rate(rate, call.process, saved)
  end
  load_shares(classes, saved)
  for _, rate in ipairs(rates) do
    advance(rate, now)
  end
  apply_changes(classes)
  for _, limit in ipairs(concurrency) do
    load_running(limit, call.process, saved)
  end
  for _, class in ipairs(classes) do
    class.requests = read_requests()
    load_line(class, call.process, saved)
  end
  local own, other = order_classes(classes, call.process)
  admit_all(own, other, paused, call)
  end_shares(classes, other)
  local retry = join_lines(classes, other, paused, call)

  change('paused', text(paused))
  change('start', text(start))
  local reply = { text(retry), text(paused), text(offset), text(resets) }
  for _, class in ipairs(classes) do
    reply[#reply + 1] = text(class.too_large)
    reply[#reply + 1] = text(#class.starts)
    for _, at in ipairs(class.starts) do
      reply[#reply + 1] = at
    end
  end
  save_limits(call, reply)
  if shares then
    sharing.save(call)
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
