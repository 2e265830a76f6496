/** POSTs JSON over HTTP/1.1 with connections that are kept open. */

import http from 'node:http';
import https from 'node:https';
import { pipeline } from 'node:stream';
import zlib from 'node:zlib';

import { ConnectionError } from './errors.js';

/**
 * @typedef {object} Reply
 * @property {number} status
 * @property {string} contentType Empty if the reply says none.
 * @property {string} text The body; empty if it is no UTF-8.
 *
 * @typedef {object} PostOptions
 * @property {Record<string, string>} [headers]
 * @property {number} timeoutSeconds How long the complete reply may take, in real time.
 * @property {AbortSignal} [signal]
 *
 * @typedef {object} Transport
 * @property {(path: string, body: object, options: PostOptions) => Promise<Reply>} post Rejects with a
 *   `ConnectionError` if no complete reply comes.
 * @property {() => void} close
 */

const MOST_REDIRECTS = 20;
/** Redirects that leave method and body as they are. */
const REDIRECTS = new Set([307, 308]);
const DECODERS = {
  gzip: zlib.createGunzip,
  'x-gzip': zlib.createGunzip,
  deflate: zlib.createInflate,
  br: zlib.createBrotliDecompress,
};

/** @implements {Transport} */
export class HttpTransport {
  #base;
  #headers;
  #module;
  #agent;

  /**
   * @param {string} baseUrl Where the service is; its paths are added to it.
   * @param {string} apiKey
   */
  constructor(baseUrl, apiKey) {
    this.#base = baseUrl.replace(/\/+$/, '');
    this.#headers = {
      'Accept-Encoding': 'gzip, deflate, br',
      'Content-Type': 'application/json',
      'X-API-Key': apiKey,
    };
    this.#module = new URL(this.#base).protocol === 'https:' ? https : http;
    this.#agent = new this.#module.Agent({ keepAlive: true });
  }

  async post(path, body, options) {
    const payload = Buffer.from(JSON.stringify(body));
    let url = `${this.#base}${path}`;
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
      const { location, ...reply } = await this.#post(url, payload, options);
      if (!REDIRECTS.has(reply.status) || !location) return reply;
      const next = new URL(location, url);
      // The key goes to no other server.
      if (next.origin !== new URL(url).origin) return reply;
      url = next.href;
    }
    throw new ConnectionError(`POST ${url}: more than ${MOST_REDIRECTS} redirects; see who sends them`);
  }

  async #post(url, payload, { headers = {}, timeoutSeconds, signal }) {
    signal?.throwIfAborted();
    const request = this.#module.request(url, {
      method: 'POST',
      agent: this.#agent,
      headers: { Accept: 'application/json', ...this.#headers, ...headers, 'Content-Length': payload.length },
      signal,
    });
    const timer = setTimeout(() => {
      request.destroy(new Error(`no complete reply within ${timeoutSeconds} s`));
    }, timeoutSeconds * 1000);
    const reply = new Promise((resolve, reject) => {
      request.on('error', reject);
      request.on('response', (response) => resolve(read(response)));
    });
    // Head and body in one write: two of them would wait for each other's acknowledgement.
    request.end(payload);
    try {
      return await reply;
    } catch (error) {
      signal?.throwIfAborted();
      throw new ConnectionError(`POST ${url}: ${error.message}; see whether the server is there`, {
        cause: error,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  close() {
    this.#agent.destroy();
  }
}

/** @returns {Promise<Reply & { location: string | undefined }>} */
async function read(response) {
  const chunks = [];
  for await (const chunk of decoded(response)) chunks.push(chunk);
  return {
    status: response.statusCode,
    contentType: response.headers['content-type'] ?? '',
    location: response.headers.location,
    text: textOf(Buffer.concat(chunks)),
  };
}

function textOf(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return '';
  }
}

/** The body without its content encoding; one that is not known stays as it is. */
function decoded(response) {
  const decoder = DECODERS[response.headers['content-encoding']?.toLowerCase()];
  // A pipeline hands an error of the connection on to the reader, as a pipe would not.
  return decoder ? pipeline(response, decoder(), () => {}) : response;
}
