-- Decides which requests of a process are admitted, and when it calls again. This is the eighth
-- part of the script.
--
-- The class with the smallest tag is next, and of that class the process that has waited longest.
-- If this is the process that calls, it has its turn: requests of the class are admitted as long as
-- they start within a turn, even if the tag of the class passes that of another class, whose process
-- would have to call first. So classes differ by a turn at most, and need no more calls than one.

-- The text of the last start. Requests of a call often start at the same time, so it is reused.
local text_of_start

-- Admits the next request of a class at a time.
local function admit(class, request, at, call)
  count_request(request, at, call)
  text_of_start = at == start and text_of_start or text(at)
  start = at
  class.starts[#class.starts + 1] = text_of_start
end

-- Admits the requests of these classes, in which it is the turn of the process, as many as may start
-- within a turn. `other` is the first class of other processes.
local function admit_all(classes, other, paused, call)
  -- A turn lasts for a fixed time from the first start, however early the process calls, because
  -- other processes plan with that.
  local latest, has_started = now + call.turn + call.lead, false
  while true do
    local class, from = first_of_own(classes), math.max(start, paused)
    local request, at, too_large = nil, nil, 0
    -- The class that is next of all, and the start of its first request.
    local first, turn = other, other and other.turn
    if class then
      request = next_request(class)
      if shares then
        class.cost, class.part = request.cost, largest_part(request)
      end
      at, too_large = earliest_start(class, request, from)
      if not other or sharing.is_before(class.name, class.tag, other) then
        first, turn = class, at
      end
    end
    if too_large > 0 then
      class.too_large, class.retry = too_large, 0
    elseif class and is_full(request) then
      -- Processes are not notified when others end requests, so this one has to call again.
      class.retry = math.max(at, now + call.turn + call.lead + 1)
      return
    else
      local passing, pass, can_pass
      if shares and first and not (at and at <= from) then
        passing, pass, can_pass = sharing.find_passing(classes, other, first, turn, from, call)
      end
      if pass and can_pass and pass <= latest and (not at or pass < at) then
        class, request, at = passing, next_request(passing), pass
        sharing.pay(request, at)
      elseif at and at <= latest then
        if shares then
          shares.debtor = class.name
        end
      else
        if class and first == class then
          class.retry = at
        end
        if pass then
          passing.pass = pass
        end
        return
      end
      if not has_started then
        latest, has_started = at + call.turn - 1, true
      end
      admit(class, request, at, call)
      if shares then
        sharing.charge(class, request.cost, other)
      end
    end
  end
end

-- Puts the process into the line of a class for the requests that were not admitted. Returns when
-- the process should call again: at its turn, as far as the demand of those ahead of it shows.
local function wait(class, first, paused, call)
  local process = call.process
  local demand = 0
  for index = #class.starts + 1, #class.requests do
    demand = math.min(demand + class.requests[index].cost, call.turn)
  end
  join(class, process, math.ceil(demand))
  keep(class.line, call.ttl)
  local requests_at = paced_until(rates, false, math.max(start, paused))
  local next_start = paced_until(rates, true, requests_at)
  -- A process whose turn is far away calls before it too, so that others know that it still runs,
  -- and because its turn can come earlier than planned.
  local retry, longest, shortest = class.retry, 1000000, 1000
  if class.first ~= process then
    -- The turn of the first one can be much later than the pace allows, if a ledger has no room, and
    -- earlier, if it passes others.
    local turn = class.of_first and math.max(class.of_first.turn, requests_at) or next_start
    retry = turn + math.max(class.own.place - class.head, 0)
    longest, shortest = math.min(math.max((retry - now) / 2, 1000000), 10000000), 10000
  else
    if not retry then
      -- Another class is next. It advances until its tag is that of this one, and for a turn at
      -- least, unless it has less to send.
      retry = next_start
      if first then
        local ahead = math.max((class.tag - first.tag) * first.weight, call.turn)
        retry = math.max(next_start, first.turn) + math.min(ahead, first.demand)
        if first.deadline then
          -- If its process does not call in time for its turn, it is passed over.
          longest = math.min(longest, math.max(first.deadline - now, 0) + 1000)
        end
      end
      shortest = 10000
    end
    retry = math.max(retry, next_start)
    class.turn = retry
    retry = math.min(retry, class.pass or retry)
  end
  local call_at = math.min(retry, now + longest)
  class.own.deadline, class.own.turn = call_at + call.grace, retry
  save_entry(class, process, class.own)
  return math.max(call_at - call.lead, now + shortest)
end

