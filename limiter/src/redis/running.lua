-- What runs at the same time: tasks until they expire, and the requests of each process for some time
-- after its last call. A process states how much it has running, so that a mistake does not last.
--
-- This is the second part of the script, between rates.lua and admit.lua.

-- How long requests count as running without a call of their process.
local HELD = 30000000

-- Returns what other processes have running, by what each has stated.
local function held_by_others(limit, process)
  local sum = 0
  for _, other in ipairs(redis.call('ZRANGE', limit.held_key, 0, -1)) do
    if other ~= process then
      sum = sum + (saved_number(redis.call('HGET', state, limit.field .. ':' .. other)) or 0)
    end
  end
  return sum
end

-- Reads what the state has of a limit: the total of all processes, and the part of this one.
local function load_running(limit, process, total, own)
  redis.call('ZREMRANGEBYSCORE', limit.tasks_key, '-inf', text(now))
  limit.tasks = redis.call('ZCARD', limit.tasks_key)
  limit.is_saved = own
  total, own = saved_number(total), saved_number(own) or 0
  if limit.held > 0 then
    if redis.call('ZADD', limit.held_key, text(now + HELD), process) == 1 then
      own = 0
    end
  elseif redis.call('ZREM', limit.held_key, process) == 0 then
    own = 0
  end
  for _, other in ipairs(redis.call('ZRANGEBYSCORE', limit.held_key, '-inf', text(now))) do
    local field = limit.field .. ':' .. other
    total = total and total - (saved_number(redis.call('HGET', state, field)) or 0)
    redis.call('HDEL', state, field)
    redis.call('ZREM', limit.held_key, other)
  end
  if redis.call('ZCARD', limit.held_key) == (limit.held > 0 and 1 or 0) then
    limit.others = 0
  elseif total then
    limit.others = math.max(total - own, 0)
  else
    -- The total is missing or damaged.
    limit.others = held_by_others(limit, process)
  end
  limit.running = limit.tasks + limit.others + limit.held
  limit.stated = limit.held
end

