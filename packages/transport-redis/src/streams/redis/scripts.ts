import { Script } from './script.ts';

/**
 * Says how long entries have been idle: 0 renews their lease, a whole lease gives them back. Only those that the consumer
 * still owns: one that was stopped for a while must not take back what another one has taken over. JUSTID does
 * not count as a delivery.
 *
 * KEYS: stream. ARGV: group, consumer, idle, ids.
 * Returns the ids that another consumer has, or has acknowledged; those whose group or entry is not there any more; and those
 * whose entries were trimmed.
 */
export const holdScript = new Script(`
local taken, gone, trimmed = {}, {}, {}
for i = 4, #ARGV do
  local id = ARGV[i]
  local pending = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1)[1]
  if not pending and #redis.call('XRANGE', KEYS[1], id, id) == 0 then
    gone[#gone + 1] = id
  elseif not pending or pending[2] ~= ARGV[2] then
    taken[#taken + 1] = id
  else
    local held = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, id, 'IDLE', ARGV[3], 'JUSTID')
    if not held[1] then trimmed[#trimmed + 1] = id end
  end
end
return { taken, gone, trimmed }
`);

/**
 * Takes over what nobody has renewed for a whole lease; what was trimmed meanwhile is acknowledged.
 *
 * KEYS: stream. ARGV: group, consumer, lease, how many. Returns rows of id, deliveries with this one, fields.
 */
export const claimScript = new Script(`
local rows = {}
for _, pending in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], 'IDLE', ARGV[3], '-', '+', ARGV[4])) do
  local entry = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], pending[1])[1]
  if entry then
    rows[#rows + 1] = { pending[1], pending[4] + 1, entry[2] }
  else
    redis.call('XACK', KEYS[1], ARGV[1], pending[1])
  end
end
return rows
`);

/**
 * Reads new entries from several streams, at most so many in all. (XREADGROUP itself only bounds each stream.)
 *
 * KEYS: streams. ARGV: group, consumer, how many. Returns pairs of a stream and its entries, as XREADGROUP does; and,
 * where there are none, the last id that each stream has had.
 */
export const pollScript = new Script(`
local left, found, ids = tonumber(ARGV[3]), {}, {}
for _, key in ipairs(KEYS) do
  if left == 0 then break end
  local reply = redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', left, 'STREAMS', key, '>')
  if reply then
    found[#found + 1] = reply[1]
    left = left - #reply[1][2]
  end
end
if #found == 0 then
  for i, key in ipairs(KEYS) do
    local flat = redis.call('XINFO', 'STREAM', key)
    for field = 1, #flat, 2 do
      if flat[field] == 'last-generated-id' then ids[i] = flat[field + 1] end
    end
  end
end
return { found, ids }
`);

/**
 * Acknowledges entries that the consumer still owns, and only those: XACK asks nobody whose they are.
 *
 * KEYS: stream. ARGV: group, consumer, then for each entry its id and 1 if it was trimmed. Returns the ids of those that nobody
 * can get any more.
 */
export const settleScript = new Script(`
local settled = {}
for i = 3, #ARGV, 2 do
  local id = ARGV[i]
  if #redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1, ARGV[2]) == 1 then
    redis.call('XACK', KEYS[1], ARGV[1], id)
    settled[#settled + 1] = id
  elseif ARGV[i + 1] == '1' and #redis.call('XRANGE', KEYS[1], id, id) == 0 then
    settled[#settled + 1] = id
  end
end
return settled
`);

/**
 * Puts an entry among the dead letters and acknowledges it, both or none; nothing if another consumer owns it by now.
 *
 * KEYS: stream, dead letters. ARGV: group, consumer, id, letters to keep, 1 if the entry was trimmed, fields.
 * Returns 1, or 0 if it was not ours.
 */
export const buryScript = new Script(`
if ARGV[5] == '0' then
  local mine = redis.pcall('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1, ARGV[2])
  if not mine.err and #mine == 0 then return 0 end
end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], '*', unpack(ARGV, 6))
redis.call('XACK', KEYS[1], ARGV[1], ARGV[3])
return 1
`);

/**
 * Puts a dead letter back into its stream, or (without fields) only removes it.
 *
 * KEYS: dead letters, stream. ARGV: id of the letter, fields. Returns 0 if somebody else was quicker.
 */
export const redriveScript = new Script(`
if redis.call('XDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
if #ARGV > 1 then redis.call('XADD', KEYS[2], '*', unpack(ARGV, 2)) end
return 1
`);

/**
 * Trims what every group is through with.
 *
 * KEYS: stream. Returns how many entries are gone.
 */
export const trimScript = new Script(`
local function parts(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end
local function isBefore(a, b)
  local aMs, aSeq = parts(a)
  local bMs, bSeq = parts(b)
  return aMs < bMs or (aMs == bMs and aSeq < bSeq)
end
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local oldest
for _, flat in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local group = {}
  for i = 1, #flat, 2 do group[flat[i]] = flat[i + 1] end
  local needed = group['last-delivered-id']
  if group['pending'] > 0 then needed = redis.call('XPENDING', KEYS[1], group['name'])[2] end
  if not oldest or isBefore(needed, oldest) then oldest = needed end
end
if not oldest then return 0 end
return redis.call('XTRIM', KEYS[1], 'MINID', '~', oldest)
`);

/**
 * Trims what is too old, by the clock of Redis.
 *
 * KEYS: stream. ARGV: milliseconds. Returns how many entries are gone.
 */
export const expireScript = new Script(`
local now = redis.call('TIME')
local oldest = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000) - tonumber(ARGV[1])
return redis.call('XTRIM', KEYS[1], 'MINID', '~', string.format('%.0f', math.max(0, oldest)))
`);

/**
 * Removes consumers that nothing was heard of for long, and that have left nothing; or the one that is named.
 *
 * KEYS: stream. ARGV: group, milliseconds, name or an empty string. Returns how many are gone.
 */
export const sweepScript = new Script(`
local gone = 0
for _, flat in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local consumer = {}
  for i = 1, #flat, 2 do consumer[flat[i]] = flat[i + 1] end
  local isMeant = ARGV[3] == consumer['name'] or (ARGV[3] == '' and consumer['idle'] >= tonumber(ARGV[2]))
  if isMeant and consumer['pending'] == 0 then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer['name'])
    gone = gone + 1
  end
end
return gone
`);

/**
 * Since when a group wants its patterns, by the clock of Redis: now, if it has not wanted them before.
 *
 * KEYS: the group's hash. ARGV: patterns. Returns a time in milliseconds for each.
 */
export const enrolScript = new Script(`
local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
local since = {}
for i, pattern in ipairs(ARGV) do
  since[i] = redis.call('HGET', KEYS[1], pattern)
  if not since[i] then
    redis.call('HSET', KEYS[1], pattern, now)
    since[i] = now
  end
end
return since
`);

/** KEYS: stream. Returns the id of the last entry that it ever had; 0-0 for none. */
export const lastIdScript = new Script(`
local flat = redis.pcall('XINFO', 'STREAM', KEYS[1])
if flat.err then return '0-0' end
for i = 1, #flat, 2 do
  if flat[i] == 'last-generated-id' then return flat[i + 1] end
end
return '0-0'
`);

/** KEYS: any, for the node of a cluster that has it. Returns seconds and microseconds. */
export const timeScript = new Script(`return redis.call('TIME')`);
