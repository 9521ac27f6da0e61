// An authorisation server that really revokes, and a resource server beside it that asks it about every token.
//
// node server.mjs <port>: prints `ready` once it listens. One client, one secret, both known to the tests alone.

import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const port = Number(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'firebreak-lab',
      client_secret: 'lab client secret',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: 'client_secret_basic',
    },
  ],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    revocation: { enabled: true },
  },
  ttl: { ClientCredentials: 600 },
});

const answer = provider.callback();

createServer(async (request, response) => {
  if (request.url !== '/resource') return answer(request, response);
  const presented = (request.headers.authorization ?? '').replace(/^Bearer /, '');
  const token = presented && (await provider.ClientCredentials.find(presented));
  response.writeHead(token && token.isValid ? 200 : 401, { 'content-type': 'text/plain' });
  response.end(token && token.isValid ? 'admitted\n' : 'refused\n');
}).listen(port, '127.0.0.1', () => console.log('ready'));
