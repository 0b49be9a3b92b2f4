-- The executors that share quotas. KEYS: a sorted set, by when each was last heard of.
-- ARGV: now in ms (0: this server's clock), executor, ms after which one that is silent is gone.
-- Answers how many there are.
local now = tonumber(ARGV[1])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
redis.call('ZADD', KEYS[1], now, ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[3]))
redis.call('PEXPIRE', KEYS[1], ARGV[3] + 60000)
return redis.call('ZCARD', KEYS[1])
