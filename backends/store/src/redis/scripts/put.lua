-- ARGV: key, now, replace ('1' or '0'), text, end ('' for none), milliseconds until then, slack, has an owner, link,
-- subject, account
local key, now, replace, text, stop = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local left, slack = tonumber(ARGV[6]), tonumber(ARGV[7])
local record = record_of(key)
if replace == '1' then
    local was = redis.call('HMGET', record, 'd', 'e')
    if not was[1] or is_over(was[2], now) then
        return 0
    end
end
local before = lists_of_record(record)
-- The first thing that is written: a Redis that is full refuses this one, and nothing has changed.
redis.call('HSET', record, 'd', text)
redis.call('HDEL', record, 'e', 'l', 's', 'a')
for _, list in ipairs(before) do
    redis.call('ZREM', list, key)
end
local lists = {}
if ARGV[8] == '1' then
    redis.call('HSET', record, 'l', ARGV[9], 's', ARGV[10], 'a', ARGV[11])
    lists = lists_of(ARGV[9], ARGV[10], ARGV[11])
end
redis.call('ZADD', all, 0, key)
local garbage
if stop == '' then
    redis.call('ZREM', ends, key)
    redis.call('PERSIST', record)
else
    -- Swept with its entries after the slack; by Redis itself a day later, if nobody came to sweep.
    garbage = left + slack + 86400000
    redis.call('HSET', record, 'e', stop)
    redis.call('PEXPIRE', record, garbage)
    redis.call('ZADD', ends, milliseconds() + left + slack, key)
end
for _, list in ipairs(lists) do
    -- -2: there is none yet; -1: something in it never ends.
    local stays = redis.call('PTTL', list)
    redis.call('ZADD', list, 0, key)
    if not garbage then
        redis.call('PERSIST', list)
    elseif stays ~= -1 and stays < garbage then
        redis.call('PEXPIRE', list, garbage)
    end
end
-- More than one comes with each: what is gone grows less.
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', milliseconds(), 'LIMIT', 0, 8)) do
    forget(gone)
end
return 1
