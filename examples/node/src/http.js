/** POSTs JSON over HTTP/1.1 with connections that are kept open. */

import http from 'node:http';
import https from 'node:https';

import { ConnectionError } from './errors.js';

/**
 * @typedef {object} Reply
 * @property {number} status
 * @property {string} contentType Empty if the reply says none.
 * @property {string} text The body.
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
    this.#headers = { 'Content-Type': 'application/json', 'X-API-Key': apiKey };
    this.#module = new URL(this.#base).protocol === 'https:' ? https : http;
    this.#agent = new this.#module.Agent({ keepAlive: true });
  }

  async post(path, body, { headers = {}, timeoutSeconds, signal }) {
    signal?.throwIfAborted();
    const payload = Buffer.from(JSON.stringify(body));
    const url = `${this.#base}${path}`;
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

/** @returns {Promise<Reply>} */
async function read(response) {
  const chunks = [];
  for await (const chunk of response) chunks.push(chunk);
  return {
    status: response.statusCode,
    contentType: response.headers['content-type'] ?? '',
    text: Buffer.concat(chunks).toString('utf8'),
  };
}
