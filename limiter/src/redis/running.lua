-- Limits on concurrency. This is the third part of the script.
--
-- Tasks count as running until they are finished or expire. Other requests are held by their
-- process: each call states how much it holds, which also corrects any error in the state.

-- How long what a process holds counts as running after its last call.
local HELD = 30000000

-- Reads the arguments of a limit, and adds its fields to those of the state to read.
local function read_concurrency(index, process, fields)
  local field = 'held:' .. arg()
  local own_field = field .. ':' .. process
  fields[#fields + 1] = field
  fields[#fields + 1] = own_field
  return {
    field = field, own_field = own_field, index = #fields - 1, limit = number(), held = number(),
    tasks_key = KEYS[5 + 2 * index], held_key = KEYS[6 + 2 * index],
  }
end

-- Computes what other processes hold from what each of them has stated.
local function held_by_others(limit, process)
  local sum = 0
  for _, other in ipairs(redis.call('ZRANGE', limit.held_key, 0, -1)) do
    if other ~= process then
      sum = sum + (saved_number(redis.call('HGET', state, limit.field .. ':' .. other)) or 0)
    end
  end
  return sum
end

-- Reads the state of a limit: the total that all processes hold, and the part of this one.
local function load_running(limit, process, saved)
  local total, own = saved[limit.index], saved[limit.index + 1]
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

-- Adds a task that expires at a time. It has one member for each unit of its weight.
local function add_task(limit, task, weight, expiry)
  for unit = 1, weight do
    redis.call('ZADD', limit.tasks_key, text(expiry), task .. '/' .. unit)
  end
end

-- Removes a task that has ended.
local function remove_task(limit, task, weight)
  for unit = 1, weight do
    redis.call('ZREM', limit.tasks_key, task .. '/' .. unit)
  end
end

-- Writes the state of a limit.
local function save_running(limit, process)
  change(limit.field, text(limit.others + limit.held))
  if limit.held > 0 then
    change(limit.own_field, text(limit.held))
    if limit.stated == 0 then
      redis.call('ZADD', limit.held_key, text(now + HELD), process)
    end
    keep(limit.held_key, HELD / 1000)
  elseif limit.is_saved then
    redis.call('HDEL', state, limit.own_field)
  end
end

