-- The waiting requests of a process: how they are read, when they can start, and how they are
-- counted. This is the fifth part of the script.

-- The cost of a request that no limit with a pace counts, in microseconds.
local NOMINAL_COST = 1000

local rates, concurrency
-- The virtual time and the account of requests that pass others, or nil if only the default class
-- is used.
local shares

-- Reads the waiting requests of a class: the lease of a task or an empty string, the amount for
-- each rate limit, and the weight for each limit on concurrency. `cost` is how long a request takes
-- at the pace.
local function read_requests()
  local requests = {}
  for index = 1, number() do
    local lease, amounts, weights, cost = arg(), {}, nil, 0
    for index_of_rate = 1, #rates do
      local amount, rate = number(), rates[index_of_rate]
      amounts[index_of_rate] = amount
      if rate.credit >= 0 then
        cost = math.max(cost, amount * rate.delay)
      end
    end
    if shares and cost == 0 then
      cost = NOMINAL_COST
    end
    if concurrency[1] then
      weights = {}
      for index_of_limit = 1, #concurrency do
        weights[index_of_limit] = number()
      end
    end
    requests[index] = { lease = lease, amounts = amounts, weights = weights, cost = cost }
  end
  return requests
end

-- Returns the largest part of a limit that a request needs.
local function largest_part(request)
  local largest = 0
  for index = 1, #rates do
    largest = math.max(largest, request.amounts[index] / math.max(rates[index].limit, 1))
  end
  return largest
end

-- Returns the earliest start of a request of a class from a time on, and the number of the limit that
-- it exceeds by itself, or 0. A request that passes others does not wait for what was used already
-- of tokens and the like. All requests leave the headroom of other classes unused.
local function earliest_start(class, request, at, passes)
  local too_large, left, amounts = 0, class.left, request.amounts
  for index = 1, #rates do
    local rate, amount = rates[index], amounts[index]
    if left > 0 then
      amount = amount + math.ceil(rate.limit * left / 1000000)
    end
    if amount > rate.limit then
      too_large = index
    end
    if rate.credit >= 0 and not (passes and rate.is_measured) then
      at = math.max(at, math.ceil(rate.next))
    end
    if amount > rate.limit - rate.total then
      at = math.max(at, room_at(rate, amount))
    end
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

-- Returns the next request of a class, or nil if there is none, or if it is too large.
local function next_request(class)
  if class.too_large == 0 then
    return class.requests[#class.starts + 1]
  end
end

-- Returns the class with the smallest tag of those that are next. If `is_finish` is true,
-- returns the class whose first request would finish first.
local function first_of_own(classes, is_finish)
  if #classes == 1 and not is_finish then
    local class = classes[1]
    return class.is_next and next_request(class) and class
  end
  local best, smallest
  for _, class in ipairs(classes) do
    local request = next_request(class)
    if request and (is_finish or class.is_next) then
      local tag = is_finish and class.tag + request.cost / class.weight or class.tag
      if not best or tag < smallest or tag == smallest and class.name < best.name then
        best, smallest = class, tag
      end
    end
  end
  return best, smallest
end

