-- The lines of waiting processes, one for each class. This is the fourth part of the script.
--
-- The process that has waited longest is served first. It leaves the line when a request of it is
-- admitted, or if it does not call in time for its turn.
--
-- The demand of a process is how long its waiting requests take at the pace, up to a turn. `tail`
-- is the sum of the demands of all processes that have joined the line, and `head` of those that
-- have left it. The place of a process is the tail when it joined, so `place - head` is the demand
-- of the processes ahead of it.
--
-- The line of the default class has its entries in the state. Each other class has a hash for them,
-- which expires with its line.

-- Sets the keys of the line of a class, and adds the fields of the default class to those of the
-- state to read. `key` is the index of the first key of another class.
local function set_line(class, key, process, fields)
  if class.name == '' then
    class.line, class.entries, class.prefix = KEYS[3], state, 'wait:'
    local count = #fields
    class.field, class.changes = count + 1, changes
    fields[count + 1], fields[count + 2], fields[count + 3] = 'head', 'tail', 'wait:' .. process
  else
    class.changes = {}
    class.line, class.entries, class.prefix = KEYS[key], KEYS[key + 1], ''
  end
end

-- Parses the entry of a process. Returns nil if it is missing or damaged.
local function parse_entry(value)
  local place, demand, deadline, turn = string.match(value or '', '^(%d+) (%d+) (%d+) (%d+)$')
  return place and {
    place = tonumber(place), demand = tonumber(demand),
    deadline = tonumber(deadline), turn = tonumber(turn),
  }
end

-- Writes a field of the line of a class at the end of the call.
local function change_line(class, field, value)
  local list = class.changes
  list[#list + 1] = field
  list[#list + 1] = value
end

local function save_entry(class, process, entry)
  local format = '%.0f %.0f %.0f %.0f'
  local value = string.format(format, entry.place, entry.demand, entry.deadline, entry.turn)
  change_line(class, class.prefix .. process, value)
end

local function leave(class, process, entry)
  redis.call('ZREM', class.line, process)
  redis.call('HDEL', class.entries, class.prefix .. process)
  if entry then
    class.head = math.min(class.head + entry.demand, class.tail)
    change_line(class, 'head', text(class.head))
  end
end

-- Finds the first process in the line of a class, and its entry.
local function find_first(class, process)
  local first = redis.call('ZRANGE', class.line, 0, 0)[1]
  class.first, class.of_first = first, class.own
  if first and first ~= process then
    class.of_first = parse_entry(redis.call('HGET', class.entries, class.prefix .. first))
  end
end

-- Reads the line of a class. Removes the processes at its front that have missed their turn.
local function load_line(class, process, saved)
  local fields, index = saved, class.field
  if not index then
    fields, index = redis.call('HMGET', class.entries, 'head', 'tail', process), 1
  end
  class.head, class.tail = saved_number(fields[index]) or 0, saved_number(fields[index + 1]) or 0
  class.is_in_line, class.own = fields[index + 2], parse_entry(fields[index + 2])
  find_first(class, process)
  while class.first and class.first ~= process
    and not (class.of_first and now <= class.of_first.deadline) do
    leave(class, class.first, class.of_first)
    find_first(class, process)
  end
end

-- Joins the line of a class, or stays in it, with this demand.
local function join(class, process, demand)
  local own = class.own
  if redis.call('ZADD', class.line, 'NX', text(now), process) == 1 or not own then
    own = { place = class.tail, demand = 0 }
    if not class.first then
      -- The line is empty, which corrects any error in the head.
      class.head = class.tail
      change_line(class, 'head', text(class.head))
      class.first = process
    end
  end
  demand = math.max(demand, own.demand)
  class.tail = class.tail + demand - own.demand
  change_line(class, 'tail', text(class.tail))
  own.demand = demand
  class.own = own
  if class.first == process then
    class.of_first = own
  end
end

-- Writes the line of a class.
local function save_line(class, call)
  if class.changes[1] and class.changes ~= changes then
    redis.call('HSET', class.entries, unpack(class.changes))
    keep(class.entries, call.ttl)
  end
end

-- Returns true if it is the turn of the process in a class.
local function has_turn(class, process)
  return not class.first or class.first == process
end

