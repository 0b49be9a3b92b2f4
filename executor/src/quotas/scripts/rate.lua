-- A bucket of tokens for the whole fleet, refilled by time.
-- KEYS: bucket, told. ARGV: now in ms (0: this server's clock), tokens per second, burst, debt, wish, back,
-- then the told field, refused, shadow.
-- Answers what was granted, what is left, and in how many ms there will be a token.
local now = tonumber(ARGV[1])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + time[2] / 1000
end
local rate, burst = tonumber(ARGV[2]), tonumber(ARGV[3])
local debt, wish, back = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(kept[1]) or burst, tonumber(kept[2]) or now
if now > at then
  tokens, at = tokens + (now - at) * rate / 1000, now
end
-- What was spent ahead of a lease is owed in full, also below zero: over time nothing runs beyond the rate.
tokens = math.min(burst, tokens + back) - debt
local granted = math.max(0, math.min(wish, math.floor(tokens)))
tokens = tokens - granted
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'at', string.format('%.3f', at))
-- Forgotten a minute after it is full again.
redis.call('PEXPIRE', KEYS[1], math.ceil((burst - tokens) / rate * 1000) + 60000)
if ARGV[8] ~= '0' then redis.call('HINCRBY', KEYS[2], ARGV[7] .. ':refused', ARGV[8]) end
if ARGV[9] ~= '0' then redis.call('HINCRBY', KEYS[2], ARGV[7] .. ':shadow', ARGV[9]) end
if ARGV[8] ~= '0' or ARGV[9] ~= '0' then redis.call('EXPIRE', KEYS[2], 172800) end
local wait = 0
if tokens < 1 then wait = math.ceil((1 - tokens) * 1000 / rate) end
return { granted, math.floor(tokens), wait }
