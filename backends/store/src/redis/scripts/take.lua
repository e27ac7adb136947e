-- ARGV: key, now
local found = redis.call('HMGET', record_of(ARGV[1]), 'd', 'e')
if not found[1] or is_over(found[2], ARGV[2]) then
    return false
end
forget(ARGV[1])
return found[1]
