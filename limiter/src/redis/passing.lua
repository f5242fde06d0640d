-- Lets much smaller requests pass one that waits. This is the seventh part of the script.
--
-- limiter/src/quota/passing.rs explains why, and does the same in a process. The account is in
-- microseconds of a limit, and belongs to the quota, whichever process sends the requests.

local function define_passing()
  -- The part of what the first request leaves of the limits that may be used to pass it.
  local PART = 2 / 3
  -- A passing request must be this many times smaller than what it passes.
  local SMALLER = 4
  -- The account holds at least this much.
  local MIN_CAP = 1000000

  -- Parses the virtual time and the account. Returns nil if they are missing or damaged.
  function sharing.parse(value)
    local pattern = '^(%-?%d+%.%d+) (%-?%d+) (%d+) (%d%.%d+) (%d+) (%d+) (%d+) ([%-=])(.*)$'
    local virtual, account, earned_at, rate, cap, last_start, paced, has_debtor, debtor =
      string.match(value or '', pattern)
    return virtual and {
      now = tonumber(virtual), account = tonumber(account), earned_at = tonumber(earned_at),
      rate = tonumber(rate), cap = tonumber(cap), start = tonumber(last_start),
      paced = tonumber(paced), debtor = has_debtor == '=' and debtor or nil,
    }
  end

  -- Returns new shares. If those of the state are damaged, the first class that waits goes on.
  function sharing.new()
    local first = redis.call('ZRANGE', waiting_key, 0, 0, 'WITHSCORES')[2]
    local last = redis.call('ZRANGE', idle_key, -1, -1, 'WITHSCORES')[2]
    return {
      now = saved_number(first) or saved_number(last) or 0,
      account = 0, earned_at = now, rate = 0, cap = MIN_CAP,
    }
  end

  function sharing.save(call)
    local format = '%s %.0f %.0f %.6f %.0f %.0f %.0f %s'
    local paced = paced_until(rates, true, paced_until(rates, false, 0))
    local debtor = shares.debtor and '=' .. shares.debtor or '-'
    change('shares', string.format(format, tag_text(shares.now), shares.account, shares.earned_at,
      shares.rate, shares.cap, start, paced, debtor))
    keep(waiting_key, call.ttl)
    keep(idle_key, call.ttl)
  end

  -- Fills the account until a time.
  local function earn(at)
    if at > shares.earned_at then
      local earned = (at - shares.earned_at) * shares.rate
      shares.account = math.min(shares.account + earned, shares.cap)
      shares.earned_at = at
    end
  end

  -- Returns the time at which the first request of a class may pass the one whose turn it is, or
  -- nil.
  --
  -- `ahead` is the cost of a request that passes before it. `from` is the earliest time that the
  -- limits allow, and `owed_until` the time until which they wait because of what was used already.
  -- `first` is the class whose turn it is, with the cost of its first request, and `turn` its start.
  local function pass_at(class, request, ahead, from, owed_until, first, turn, window)
    -- The account fills at the rate of the request that waited until now.
    earn(now)
    shares.rate = PART * (1 - math.min(first.part, 1))
    shares.cap = math.max(request.cost, MIN_CAP)
    local is_first = class.name == first.name
    local headroom = class.headroom / 1000000 * window
    local missing = ahead + request.cost - headroom - shares.account
    if missing > 0 then
      if shares.rate <= 0 then
        return nil
      end
      from = math.max(from, shares.earned_at + math.ceil(missing / shares.rate))
    end
    local owed = owed_until - from
    local passed = first.cost
    if owed > 0 then
      -- No class passes the time that its own request has used.
      if not shares.debtor or shares.debtor == class.name then
        return nil
      end
      passed = is_first and owed or math.max(owed, first.cost)
    elseif is_first or from >= turn then
      return nil
    end
    if request.cost * SMALLER > passed and headroom <= 0 then
      return nil
    end
    return from
  end

  -- Pays for a request that passes others at a time.
  function sharing.pay(request, at)
    earn(at)
    shares.account = shares.account - request.cost
  end

  -- Returns the class whose request passes another one next, its start, and whether it can be
  -- admitted now. If a class of another process is the one to pass, the start is a plan for the time
  -- after that.
  function sharing.find_passing(classes, other, first, turn, from, call)
    local class, finish = first_of_own(classes, true)
    if not class then
      return nil
    end
    local request, ahead = next_request(class), 0
    local owed_until = paced_until(rates, true, 0)
    if other and other.tag + other.cost / other.weight < finish then
      if owed_until > from and other.name == shares.debtor then
        return nil
      end
      ahead = other.cost
    end
    from = earliest_start(class, request, from, true)
    if is_full(request) then
      return nil
    end
    local at = pass_at(class, request, ahead, from, owed_until, first, turn, call.window)
    return class, at, ahead == 0
  end
end

