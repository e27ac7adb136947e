// An OpenID provider for one test: the npm package oidc-provider, with the accounts and clients of a file.
//
//     node provider.mjs CONFIG.json
//
// Prints "listening on PORT, controlled at PORT" when it listens. The second port takes what a test wants changed while
// it runs, as JSON in a POST:
//
//     /clients  [{client_id, ...}]              who may send people here, from now on
//     /accounts {"ID": {claim: value} | null}   claims from now on; null: the account is suspended
//     /rotate   {}                              signs with a new key from now on, and publishes no other
//     /trouble  {"status": 500 | 0}             answers everything so; 0: works again
//     /requests {}                              what it was asked since it started: [{method, path, status}]
import { createServer as plain } from 'node:http';
import { createServer as encrypted } from 'node:https';
import { randomUUID, webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// The package is written for newer versions than Debian's.
globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;
URL.parse ??= (text, base) => {
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
};

const given = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const part = (file) => import(pathToFileURL(join(given.modules, 'oidc-provider/lib', file)).href);
const { Provider } = await part('index.js');
// One for all that are made while this runs: each would begin with an empty one.
const adapter = (await part('adapters/memory_adapter.js')).createMemoryAdapter();

const host = '127.0.0.1';
const accounts = new Map(Object.entries(given.accounts));
const requests = [];
let clients = [];
let key = await signingKey();
let trouble = 0;
let handler;

async function signingKey() {
  const pair = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const key = await webcrypto.subtle.exportKey('jwk', pair.privateKey);
  return { kty: key.kty, crv: key.crv, x: key.x, y: key.y, d: key.d, alg: 'ES256', use: 'sig', kid: randomUUID() };
}

function account(id) {
  if (!accounts.get(id)) return undefined;
  return { accountId: id, claims: async () => ({ ...accounts.get(id), sub: accounts.get(id).sub ?? id }) };
}

// Made anew for other clients and keys; it knows the sessions and tokens of the one before.
function provider() {
  const built = new Provider(issuer, {
    clients: clients.map((client) => ({
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      id_token_signed_response_alg: key.alg,
      ...client,
    })),
    jwks: { keys: [key] },
    adapter,
    cookies: { keys: ['of the tests'] },
    claims: given.claims,
    scopes: ['openid', 'offline_access'],
    // Whether the claims are in the ID token too, or asked for at userinfo only.
    conformIdTokenClaims: !given.claims_in_id_token,
    findAccount: (_, id) => account(id),
    rotateRefreshToken: () => given.rotate_refresh_tokens,
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: true },
      deviceFlow: { enabled: false },
      rpInitiatedLogout: { enabled: true },
      revocation: { enabled: true },
    },
  });
  built.on('server_error', (_, error) => console.log(`error: ${error.stack}`));
  for (const event of ['authorization.error', 'grant.error', 'userinfo.error', 'end_session.error']) {
    built.on(event, (_, error) => console.log(`${event}: ${error.message}: ${error.error_description}`));
  }
  return built.callback();
}

function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server.address().port));
  });
}

function serve(request, response) {
  const entry = { method: request.method, path: request.url.split('?')[0], status: 0 };
  response.on('finish', () => {
    requests.push({ ...entry, status: response.statusCode });
    console.log(`${entry.method} ${entry.path} ${response.statusCode}`);
  });
  if (trouble) {
    response.writeHead(trouble, { 'content-type': 'text/plain' }).end('in trouble, as the test wants it\n');
  } else {
    handler(request, response);
  }
}

const orders = {
  '/clients': async (list) => {
    clients = list;
    handler = provider();
  },
  '/accounts': async (changes) => Object.entries(changes).forEach(([id, claims]) => accounts.set(id, claims)),
  '/rotate': async () => {
    key = await signingKey();
    handler = provider();
  },
  '/trouble': async ({ status }) => {
    trouble = status;
  },
  '/requests': async () => requests,
};

async function control(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const answer = await orders[request.url](JSON.parse(Buffer.concat(chunks).toString()));
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}));
}

const server = given.tls
  ? encrypted({ cert: readFileSync(given.tls.certificate), key: readFileSync(given.tls.key) }, serve)
  : plain(serve);
const port = await listen(server, given.port ?? 0);
const issuer = `${given.tls ? 'https' : 'http'}://${given.host ?? host}:${port}`;
handler = provider();
const controlled = await listen(plain(control), 0);
process.on('SIGTERM', () => process.exit(0));
console.log(`listening on ${port}, controlled at ${controlled}`);
