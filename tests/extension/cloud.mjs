// Hosts of the internet, played on this machine: a proxy takes every connection and ends its TLS, with an authority that only the test trusts.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { temporaryFolder } from './task-folder.mjs';

/** An authority, and a certificate for some hosts. */
function certificates(folder, hosts) {
    const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    openssl('req', '-x509', ...key, '-days', '2', '-subj', '/CN=authority of a test', '-keyout', 'ca.key', '-out', 'ca.pem');
    openssl('req', '-new', ...key, '-subj', '/CN=cloud', '-keyout', 'cloud.key', '-out', 'cloud.csr');
    writeFileSync(path.join(folder, 'cloud.ext'), `basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName=${hosts.map((host) => `DNS:${host}`).join(',')}\n`);
    openssl('x509', '-req', '-in', 'cloud.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'cloud.ext', '-out', 'cloud.pem');
    const read = (name) => readFileSync(path.join(folder, name));
    return { authority: path.join(folder, 'ca.pem'), key: read('cloud.key'), cert: read('cloud.pem') };
}

/**
 * Starts it. `answer` takes `{ host, method, url, headers, body }` and gives `{ status, body, headers }`.
 * @returns {Promise<{ variables: object, environment: object, requests: object[], strangers: string[] }>} what the agent has to set, what was asked, and whom else somebody wanted to reach
 */
export async function cloud(test, hosts, answer) {
    const requests = [];
    const strangers = [];
    const { authority, key, cert } = certificates(temporaryFolder(test), hosts);
    const server = https.createServer({ key, cert }, async (request, response) => {
        const parts = [];
        for await (const part of request) {
            parts.push(part);
        }
        const asked = { host: request.headers.host, method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(parts).toString('utf8') };
        requests.push(asked);
        const { status = 200, body = '', headers = { 'content-type': 'application/json' } } = answer(asked);
        response.writeHead(status, headers);
        response.end(body);
    });
    const sockets = new Set();
    const proxy = http.createServer((request, response) => {
        strangers.push(request.url);
        response.writeHead(502).end();
    });
    proxy.on('connect', (request, socket) => {
        sockets.add(socket);
        socket.on('error', () => {});
        if (!hosts.some((host) => request.url === `${host}:443`)) {
            strangers.push(request.url);
            socket.end('HTTP/1.1 502 nobody there\r\n\r\n');
            return;
        }
        socket.write('HTTP/1.1 200 go on\r\n\r\n');
        server.emit('connection', socket);
    });
    await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    test.after(() => {
        sockets.forEach((socket) => socket.destroy());
        server.close();
        proxy.closeAllConnections();
        proxy.close();
    });
    return { variables: { 'Agent.ProxyUrl': `http://127.0.0.1:${proxy.address().port}` }, environment: { AGENT_CAINFO: authority }, requests, strangers };
}
