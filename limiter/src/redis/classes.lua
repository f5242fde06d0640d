-- Classes of requests, which share the limits by weight. This is the sixth part of the script.
--
-- The tag of a class is the time at which its next request starts in a virtual time. A request
-- advances the tag of its class by its cost, divided by the weight of the class, and the class with
-- the smallest tag is next. A class that did not wait starts at the virtual time, which is the tag
-- of the latest admission: what it left unused is not saved up. limiter/src/quota/tags.rs does the
-- same in a process.
--
-- The state has a field for each class that waits or is ahead of the virtual time. Two sorted sets
-- have the same classes by their tags: those that wait, and the others. A class without a field is
-- at the virtual time. Nothing of this exists while only the default class is used.

local waiting_key, idle_key = KEYS[5], KEYS[6]

-- How many classes a call forgets at most. It adds at most as many.
local FORGOTTEN = 128
-- No class is further from the virtual time, in microseconds, unless its tag is damaged.
local FARTHEST = 600000000

-- The functions for classes. Creating them takes a part of the time of a call, so they are created
-- only if another class than the default one is used.
local sharing = {}

-- Reads the arguments of a class, and adds its fields to those of the state to read. `key` is the
-- index of its first key.
local function read_class(key, process, fields)
  local class = {
    name = arg(), weight = number(), age = number(), left = number(), headroom = number(),
    requests = {}, starts = {}, too_large = 0,
  }
  set_line(class, key, process, fields)
  fields[#fields + 1] = 'class:' .. class.name
  class.shares_field = #fields
  return class
end

local function define_classes()
  -- Parses what the state has about a class. Returns nil if it is missing or damaged.
  local function parse_class(value)
    local pattern = '^(%-?%d+%.%d+) (%d+) (%d+) (%d+) (%d%.%d+) (%d+) (%d+) (%d+)$'
    local tag, weight, since, cost, part, turn, deadline, demand = string.match(value or '', pattern)
    return tag and {
      tag = tonumber(tag), weight = math.max(tonumber(weight), 1), since = tonumber(since),
      cost = tonumber(cost), part = tonumber(part), turn = tonumber(turn),
      deadline = tonumber(deadline), demand = tonumber(demand),
    }
  end

  -- Reads the weight and the tag of a class. The weight that was set last holds for all processes.
  function sharing.load_class(class, saved)
    local known = parse_class(saved[class.shares_field])
    class.since = class.age < 0 and 0 or math.max(now - class.age, 0)
    class.cost, class.part = 0, 0
    class.tag = shares.now
    if known then
      if known.since > class.since and known.since <= now then
        class.weight, class.since = known.weight, known.since
      end
      class.cost, class.part = known.cost, known.part
      class.tag = math.min(math.max(known.tag, shares.now - FARTHEST), shares.now + FARTHEST)
    end
  end

  local function remove_idle(names)
    local fields = {}
    for index, name in ipairs(names) do
      fields[index] = 'class:' .. name
    end
    redis.call('ZREM', idle_key, unpack(names))
    redis.call('HDEL', state, unpack(fields))
  end

  -- Finds the first class that waits and that the process does not offer. A class whose process has
  -- missed its turn does not hold up the others.
  local function find_other(offered)
    local rank = 0
    while true do
      local found = redis.call('ZRANGE', waiting_key, rank, rank + 7, 'WITHSCORES')
      for index = 1, #found, 2 do
        local name = found[index]
        if offered[name] then
          rank = rank + 1
        else
          local class = parse_class(redis.call('HGET', state, 'class:' .. name))
          if class and now <= class.deadline then
            class.name = name
            return class
          end
          redis.call('ZREM', waiting_key, name)
          redis.call('ZADD', idle_key, class and tag_text(class.tag) or '0', name)
        end
      end
      if #found == 0 then
        return nil
      end
    end
  end

  -- Returns true if the tag of a class is before that of another one.
  function sharing.is_before(name, tag, other)
    return tag < other.tag or tag == other.tag and name < other.name
  end

  -- Starts a busy period, in which it does not matter what was used before.
  function sharing.restart(classes)
    local last = redis.call('ZRANGE', idle_key, -1, -1, 'WITHSCORES')
    shares.now = math.max(shares.now, saved_number(last[2]) or 0)
    for _, class in ipairs(classes) do
      shares.now = math.max(shares.now, class.tag)
    end
  end

  -- Charges an admitted request to its class. `other` is the first class of other processes.
  function sharing.charge(class, cost, other)
    local at = other and math.min(class.tag, other.tag) or class.tag
    shares.now = math.max(shares.now, at)
    class.tag = class.tag + cost / class.weight
  end

  -- Writes the tag of a class, and what other processes have to know of it while it waits.
  function sharing.save_class(class)
    local field, tag, first = 'class:' .. class.name, tag_text(class.tag), class.of_first
    if class.first and first then
      redis.call('ZADD', waiting_key, tag, class.name)
      redis.call('ZREM', idle_key, class.name)
    else
      redis.call('ZREM', waiting_key, class.name)
      if class.tag <= shares.now then
        remove_idle({ class.name })
        return
      end
      redis.call('ZADD', idle_key, tag, class.name)
    end
    local format = '%s %.0f %.0f %.0f %.6f %.0f %.0f %.0f'
    local turn, deadline = class.turn or first and first.turn or 0, first and first.deadline or 0
    local demand = math.max(class.tail - class.head, 0)
    change(field, string.format(format, tag, class.weight, class.since, class.cost, class.part, turn,
      deadline, demand))
  end

  -- Forgets classes that are at the virtual time.
  function sharing.forget()
    local last = tag_text(shares.now)
    local names = redis.call('ZRANGEBYSCORE', idle_key, '-inf', last, 'LIMIT', 0, FORGOTTEN)
    if #names > 0 then
      remove_idle(names)
    end
  end

  -- Returns the first class of other processes, as far as this process has to know it, and the start
  -- of its first request. These are classes that the process does not offer, and those in which it is
  -- the turn of another process.
  function sharing.first_of_others(classes, process)
    local offered = {}
    for _, class in ipairs(classes) do
      offered[class.name] = true
    end
    local other = find_other(offered)
    for _, class in ipairs(classes) do
      local is_first = not other or sharing.is_before(class.name, class.tag, other)
      if is_first and not has_turn(class, process) then
        other = {
          name = class.name, tag = class.tag, weight = class.weight, cost = class.cost,
          part = class.part, turn = class.of_first and class.of_first.turn or 0,
          demand = class.tail - class.head, deadline = class.of_first and class.of_first.deadline,
        }
      end
    end
    return other
  end

  -- Returns the class that is next of all after the call, with the start of its first request.
  function sharing.first_of_all(classes, other)
    local first = other
    for _, class in ipairs(classes) do
      if class.retry and (not first or sharing.is_before(class.name, class.tag, first)) then
        first = {
          name = class.name, tag = class.tag, weight = class.weight, turn = class.retry, demand = 0,
        }
      end
    end
    return first
  end
end

