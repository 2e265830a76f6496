/** Tells the replies to a poll apart. */

/**
 * @typedef {{ kind: 'result', value: any }
 *   | { kind: 'failed', message: string, category: 'user' | 'server' | 'unknown' }
 *   | { kind: 'try_again', body: Record<string, any> }
 *   | { kind: 'announced' }
 *   | { kind: 'refused', status: number }
 *   | { kind: 'unusable', why: string }} PollReply
 */

const CATEGORIES = new Set(['user', 'server', 'unknown']);

/**
 * @param {import('./http.js').Reply} reply
 * @param {import('./operations.js').Operation} operation
 * @returns {PollReply}
 */
export function classify(reply, operation) {
  if (reply.status < 200 || reply.status > 299) return { kind: 'refused', status: reply.status };
  const body = jsonOf(reply);
  if (!isObject(body)) return { kind: 'unusable', why: 'a body that is no JSON object' };
  if (body.type === 'try_again') return { kind: 'try_again', body };
  if (body.status === 'complete_metadata') return { kind: 'announced' };
  if ('error' in body) {
    const category = CATEGORIES.has(body.category) ? body.category : 'unknown';
    return { kind: 'failed', message: String(body.error), category };
  }
  const missing = operation.required.filter((key) => !(key in body));
  if (missing.length > 0) return { kind: 'unusable', why: `a result without ${missing.join(', ')}` };
  return { kind: 'result', value: operation.read(body) };
}

/**
 * The JSON body of a reply; undefined if it has none.
 *
 * @param {import('./http.js').Reply} reply
 * @returns {unknown}
 */
export function jsonOf(reply) {
  try {
    return JSON.parse(reply.text);
  } catch {
    return undefined;
  }
}

/** @param {unknown} value */
export function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * What an error says of a reply: its status and the beginning of its body.
 *
 * @param {import('./http.js').Reply} reply
 */
export function describe(reply) {
  const text = reply.text.trim();
  return `HTTP ${reply.status}${text ? `: ${text.slice(0, 500)}` : ''}`;
}
