-- What the scripts have in common. All keys of a shelf begin alike, with a hash tag: they are in one slot of a cluster.
--   r:KEY  a record: its text d, its end e, and its owner l, s, a
--   k      the keys of all records, in their order
--   x      the keys of those that end, by when they are swept away (by the clock of Redis)
--   l:, o:, a:  the keys of one link's, one owner's, one account's records, in their order
--   c:KEY  a counter: its number n, its end e
local base = KEYS[1]
local all, ends = base .. 'k', base .. 'x'

local function record_of(key)
    return base .. 'r:' .. key
end

local function of_link(link)
    return base .. 'l:' .. link
end

local function of_owner(link, subject)
    return base .. 'o:' .. #link .. ':' .. link .. ':' .. subject
end

local function of_account(account)
    return base .. 'a:' .. account
end

-- The lists that an owner's records are in; HMGET says false of what is not there.
local function lists_of(link, subject, account)
    if not link then
        return {}
    end
    return { of_link(link), of_owner(link, subject), of_account(account) }
end

local function lists_of_record(record)
    local owner = redis.call('HMGET', record, 'l', 's', 'a')
    return lists_of(owner[1], owner[2], owner[3])
end

local function milliseconds()
    local time = redis.call('TIME')
    return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function is_over(stop, now)
    return stop and tonumber(stop) <= tonumber(now)
end

local function forget(key)
    local record = record_of(key)
    for _, list in ipairs(lists_of_record(record)) do
        redis.call('ZREM', list, key)
    end
    redis.call('DEL', record)
    redis.call('ZREM', all, key)
    redis.call('ZREM', ends, key)
end
