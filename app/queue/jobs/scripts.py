"""Changes of a job that must happen as a whole. They run inside Redis.

A keeper changes a job under two conditions: the lease is still its own, and the job is as it last saw it (`version`).
The second one also finds out when Redis came back with an older state than the keeper had seen.
"""

_MINE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'lease' end
if redis.call('HGET', KEYS[2], 'version') ~= ARGV[2] then return 'moved' end
"""

FEED = (
    _MINE
    + """
-- 5.. are the queues; ARGV: 4 now, 5 deadline, 6 reply stream, 7 job id, 8 next to feed, then number, items, queue
redis.call('HINCRBY', KEYS[2], 'version', 1)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
local expires = redis.call('HGET', KEYS[2], 'expires_ms')
for i = 9, #ARGV, 3 do
  local number, items, queue = ARGV[i], ARGV[i + 1], KEYS[4 + tonumber(ARGV[i + 2])]
  local payload = redis.call('HGET', KEYS[3], number)
  if payload then
    local id = redis.call('XADD', queue, '*', 'batch', ARGV[7] .. '.' .. number, 'reply_to', ARGV[6], 'items', items,
      'ttl_ms', string.format('%d', math.max(0, ARGV[5] - ARGV[4])), 'payload', payload, 'suspect', '0')
    redis.call('HSET', KEYS[4], number, queue .. ' ' .. id)
  end
end
redis.call('HSET', KEYS[2], 'fed', ARGV[8], 'state', 'running')
redis.call('HSETNX', KEYS[2], 'started_ms', ARGV[4])
redis.call('PEXPIREAT', KEYS[4], expires)
return 'ok'
"""
)
"""Put micro-batches into the queue. KEYS: lease, job, batches, flight, queues."""

FOLD = (
    _MINE
    + """
-- KEYS: 3 scores, 4 batches, 5 flight, 6 replies, 7 bytes
-- ARGV: 4 done, 5 abstained, 6 replies up to, 7 job id, 8 bytes answered, 9 chunks, chunk and rows, answered batches
-- The first write is one that a full Redis allows; it then allows the others, which free more than they take.
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('HINCRBY', KEYS[2], 'version', 1)
local expires = redis.call('HGET', KEYS[2], 'expires_ms')
redis.call('HINCRBY', KEYS[2], 'done', ARGV[4])
redis.call('HINCRBY', KEYS[2], 'abstained', ARGV[5])
local chunks = tonumber(ARGV[9])
for i = 10, 9 + 2 * chunks, 2 do redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
for i = 10 + 2 * chunks, #ARGV do
  redis.call('HDEL', KEYS[4], ARGV[i])
  redis.call('HDEL', KEYS[5], ARGV[i])
end
if redis.call('HEXISTS', KEYS[7], ARGV[7]) == 1 then redis.call('HINCRBY', KEYS[7], ARGV[7], -tonumber(ARGV[8])) end
redis.call('PEXPIREAT', KEYS[3], expires)
if ARGV[6] ~= '' then redis.call('XTRIM', KEYS[6], 'MINID', ARGV[6]) end
return 'ok'
"""
)
"""Keep scores, and let go of what they answer. KEYS: lease, job, scores, batches, flight, replies, bytes."""

END = """
-- KEYS: job, active, bytes, then keys to expire, then keys to delete; ARGV: state, now, expires, id, number to expire
if not redis.call('HGET', KEYS[1], 'state') then return 'gone' end
local state = redis.call('HGET', KEYS[1], 'state')
if state == 'done' or state == 'cancelled' then return state end
redis.call('ZREM', KEYS[2], ARGV[4])
redis.call('HSET', KEYS[1], 'state', ARGV[1], 'finished_ms', ARGV[2], 'expires_ms', ARGV[3])
redis.call('HINCRBY', KEYS[1], 'version', 1)
redis.call('HDEL', KEYS[3], ARGV[4])
local kept = tonumber(ARGV[5])
redis.call('PEXPIREAT', KEYS[1], ARGV[3])
for i = 4, 3 + kept do redis.call('PEXPIREAT', KEYS[i], ARGV[3]) end
for i = 4 + kept, #KEYS do redis.call('DEL', KEYS[i]) end
return 'ok'
"""
"""End a job, whoever keeps it: what has not started is deleted, results stay for their time."""

COMMIT = """
-- KEYS: job, idempotency, index, active, bytes, rest to expire
-- ARGV: id, spec, now, expires, size, plan, most active, most bytes, 1 if there is an idempotency key
if redis.call('HEXISTS', KEYS[1], 'state') == 1 then return ARGV[1] end
if ARGV[9] == '1' then
  local other = redis.call('GET', KEYS[2])
  if other then return other end
end
if redis.call('ZCARD', KEYS[4]) >= tonumber(ARGV[7]) then
  return redis.error_reply('ASSAYJOBS ' .. ARGV[7] .. ' jobs')
end
local held = tonumber(ARGV[5])
for _, bytes in ipairs(redis.call('HVALS', KEYS[5])) do held = held + tonumber(bytes) end
if held > tonumber(ARGV[8]) then return redis.error_reply('ASSAYJOBS ' .. held .. ' bytes of jobs') end
if ARGV[9] == '1' then redis.call('SET', KEYS[2], ARGV[1], 'PXAT', ARGV[4]) end
redis.call('HSET', KEYS[1], 'spec', ARGV[2], 'plan', ARGV[6], 'state', 'queued', 'version', '1', 'done', '0',
  'abstained', '0', 'fed', '0', 'expires_ms', ARGV[4])
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[1])
redis.call('ZADD', KEYS[4], ARGV[3], ARGV[1])
redis.call('HSET', KEYS[5], ARGV[1], ARGV[5])
redis.call('PEXPIREAT', KEYS[1], ARGV[4])
for i = 6, #KEYS do redis.call('PEXPIREAT', KEYS[i], ARGV[4]) end
return ARGV[1]
"""
"""Make a job of what was written; the id of the job that has the idempotency key already, if one has."""

RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'lease' end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 'ok'
"""

RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 'ok'
"""
