"""What must happen as a whole on the queue's server, in Lua."""

ANSWER = """
-- KEYS: streams of the entries that are done, then one for each entry to append.
-- ARGV: group, number done, ttl in s of the streams appended to (0: for good), their most entries (0: no bound),
--       the ids that are done, then for each entry to append: number of values, field, value, field, value …
-- A full server refuses what needs memory, unless the script has written before. Ending comes first: it gives memory
-- back, and no answer waits for room that only answers can make.
local group, done, ttl, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if done == 0 then redis.call('XDEL', KEYS[1], '0-0') end
for i = 1, done do
  redis.call('XACK', KEYS[i], group, ARGV[4 + i])
  redis.call('XDEL', KEYS[i], ARGV[4 + i])
end
local at = 5 + done
local seen = {}
for i = done + 1, #KEYS do
  local count = tonumber(ARGV[at])
  redis.call('XADD', KEYS[i], '*', unpack(ARGV, at + 1, at + count))
  at = at + count + 1
  if not seen[KEYS[i]] then
    seen[KEYS[i]] = true
    if ttl > 0 then redis.call('EXPIRE', KEYS[i], ttl) end
    if most > 0 then redis.call('XTRIM', KEYS[i], 'MAXLEN', '~', most) end
  end
end
"""

FORGET_CONSUMERS = """
-- KEYS: a stream. ARGV: group, least idle time in ms, the name of a consumer or '' for all.
-- Looks and deletes in one step: a consumer that was given an entry in between would lose it.
for _, pairs in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local about = {}
  for i = 1, #pairs, 2 do about[pairs[i]] = pairs[i + 1] end
  if about.pending == 0 and about.idle >= tonumber(ARGV[2]) and (ARGV[3] == '' or ARGV[3] == about.name) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], about.name)
  end
end
"""
