-- Places for runs at the same time, shared by the fleet.
-- KEYS: places (a hash: `until:<executor>`, `held:<executor>`, `want:<executor>`), told. ARGV: now in ms (0: this
-- server's clock), limit, executor, places in use there, places wanted there (0: none any more), ms to keep, then the
-- told field, refused, shadow.
-- Answers the places that the executor has from now on, what is left, and 0.
local now = tonumber(ARGV[1])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local limit, me, in_use, want = tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local all = redis.call('HGETALL', KEYS[1])
local of = {}
for i = 1, #all, 2 do
  local what, who = string.match(all[i], '^(%a+):(.*)$')
  of[who] = of[who] or {}
  of[who][what] = tonumber(all[i + 1])
end
local held, wants, executors = 0, 0, 1
for who, one in pairs(of) do
  if who == me then
    -- Written anew below.
  elseif (one['until'] or 0) <= now then
    redis.call('HDEL', KEYS[1], 'until:' .. who, 'held:' .. who, 'want:' .. who)
  else
    held, wants, executors = held + (one.held or 0), wants + (one.want or 0), executors + 1
  end
end
local granted = math.max(0, math.min(want, limit - held))
if want + wants > limit then
  -- Not enough for all: each may have an equal part, and what others leave of theirs.
  granted = math.min(granted, math.max(math.floor(limit / executors), 1, limit - wants))
end
-- Runs that go on keep their places until they end.
local mine = math.max(granted, in_use)
if want == 0 and in_use == 0 then
  redis.call('HDEL', KEYS[1], 'until:' .. me, 'held:' .. me, 'want:' .. me)
else
  redis.call('HSET', KEYS[1], 'until:' .. me, string.format('%.0f', now + tonumber(ARGV[6])), 'held:' .. me, mine, 'want:' .. me, want)
  redis.call('PEXPIRE', KEYS[1], ARGV[6] + 60000)
end
if ARGV[8] ~= '0' then redis.call('HINCRBY', KEYS[2], ARGV[7] .. ':refused', ARGV[8]) end
if ARGV[9] ~= '0' then redis.call('HINCRBY', KEYS[2], ARGV[7] .. ':shadow', ARGV[9]) end
if ARGV[8] ~= '0' or ARGV[9] ~= '0' then redis.call('EXPIRE', KEYS[2], 172800) end
return { granted, limit - held - mine, 0 }
