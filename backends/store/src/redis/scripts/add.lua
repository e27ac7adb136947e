-- ARGV: key, now, amount, end, milliseconds until then, slack
local counter = base .. 'c:' .. ARGV[1]
if is_over(redis.call('HGET', counter, 'e'), ARGV[2]) then
    redis.call('DEL', counter)
end
-- As text: a number of this language has 53 bits.
local added = redis.pcall('HINCRBY', counter, 'n', ARGV[3])
if type(added) == 'table' and added.err then
    if not string.find(added.err, 'overflow') then
        return added
    end
    redis.call('HSET', counter, 'n', '9223372036854775807')
end
if redis.call('HSETNX', counter, 'e', ARGV[4]) == 1 then
    redis.call('PEXPIRE', counter, tonumber(ARGV[5]) + tonumber(ARGV[6]))
end
return redis.call('HGET', counter, 'n')
