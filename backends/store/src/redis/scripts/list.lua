-- ARGV: which list, after which key, how many, link, subject, account
local which, from, count = ARGV[1], ARGV[2], tonumber(ARGV[3])
local list = all
if which == 'owner' then
    list = of_owner(ARGV[4], ARGV[5])
elseif which == 'link' then
    list = of_link(ARGV[4])
elseif which == 'account' then
    list = of_account(ARGV[6])
end
local keys = redis.call('ZRANGEBYLEX', list, from, '+', 'LIMIT', 0, count)
local found = {}
for _, key in ipairs(keys) do
    local text = redis.call('HGET', record_of(key), 'd')
    if text then
        found[#found + 1] = key
        found[#found + 1] = text
    else
        -- Redis let the record go, and the entry stayed.
        redis.call('ZREM', list, key)
    end
end
-- The last key is where the next call goes on; none if this was the end.
local last = false
if #keys == count then
    last = keys[#keys]
end
return { last, found }
