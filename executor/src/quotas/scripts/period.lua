-- A count for the whole fleet, of one day or month.
-- KEYS: count, told. ARGV: limit, debt, wish, back, what was used before (-1: not known), the greatest part of what is
-- left that one lease may be (1/n), seconds to keep, then the told field, refused, shadow.
-- Answers what was granted (-1: the count is lost, and needs what was used before), what is left, and 0.
local limit, debt, wish, back = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local used = tonumber(redis.call('GET', KEYS[1]) or ARGV[5])
if used < 0 then return { -1, 0, 0 } end
used = math.max(0, used + debt - back)
local left = limit - used
local granted = 0
if left > 0 then granted = math.min(wish, math.ceil(left / tonumber(ARGV[6]))) end
used = used + granted
redis.call('SET', KEYS[1], string.format('%.0f', used), 'EX', ARGV[7])
if ARGV[9] ~= '0' then redis.call('HINCRBY', KEYS[2], ARGV[8] .. ':refused', ARGV[9]) end
if ARGV[10] ~= '0' then redis.call('HINCRBY', KEYS[2], ARGV[8] .. ':shadow', ARGV[10]) end
if ARGV[9] ~= '0' or ARGV[10] ~= '0' then redis.call('EXPIRE', KEYS[2], 172800) end
return { granted, limit - used, 0 }
