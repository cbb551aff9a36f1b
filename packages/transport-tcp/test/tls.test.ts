import { connect as connectPlain, Server, Socket } from 'node:net';
import { TLSSocket, Server as TlsServer } from 'node:tls';
import { generate } from 'selfsigned';
import { beforeAll, describe, expect, it } from 'vitest';
import { tcp } from '../src/index.ts';
import { echoHub, FakeHub, reply, request, until } from './fake-hub.ts';
import { join, pair, RawPeer, serve } from './sides.ts';

type Pems = Awaited<ReturnType<typeof generate>>;

let authority: Pems;
let server: Pems;
let client: Pems;
let stranger: Pems;

beforeAll(async () => {
  const issue = (commonName: string, ca?: Pems, isAuthority = false): Promise<Pems> =>
    generate([{ name: 'commonName', value: commonName }], {
      keyType: 'ec',
      algorithm: 'sha256',
      ...(ca === undefined ? {} : { ca: { key: ca.private, cert: ca.cert } }),
      extensions: [
        { name: 'basicConstraints', cA: isAuthority },
        ...(isAuthority ? [{ name: 'keyUsage' as const, keyCertSign: true, digitalSignature: true }] : []),
        {
          name: 'subjectAltName',
          altNames: [
            { type: 2, value: 'localhost' },
            { type: 7, ip: '127.0.0.1' },
          ],
        },
      ],
    });
  authority = await issue('Parley test authority', undefined, true);
  [server, client, stranger] = await Promise.all([
    issue('server', authority),
    issue('client', authority),
    issue('stranger'),
  ]);
});

const serverTls = () => ({ key: server.private, cert: server.cert });

function bytesOf(body: string | Uint8Array): Uint8Array {
  return typeof body === 'string' ? Buffer.from(body) : body;
}

async function echoes(hub: FakeHub, body: string | Uint8Array): Promise<void> {
  const [receiver] = hub.up;
  void receiver?.link.send(request(1, body));
  await until(() => receiver?.received.length === 1, 'the echo');
  // Not `toMatchObject`, which takes seconds for millions of bytes.
  const echo = receiver?.received[0] as { readonly body: string | Uint8Array } | undefined;
  expect(typeof echo?.body).toBe(typeof body);
  expect(Buffer.compare(bytesOf(echo?.body ?? ''), bytesOf(body))).toBe(0);
}

describe('TLS', () => {
  it('carries small and large bodies, with one set of options for both sides', async () => {
    const both = await pair({ tls: { ...serverTls(), ca: authority.cert } }, echoHub());
    await echoes(both.client.hub, 'small');
    both.client.receiver.received.length = 0;
    await echoes(both.client.hub, new Uint8Array(5_000_000).fill(9));
    expect(both.server.transporter.unwrap(TlsServer)).toBe(both.server.transporter.unwrap(Server) as unknown);
    expect(both.client.client.unwrap(TLSSocket)).toBe(both.client.client.unwrap(Socket) as unknown);
    expect(both.client.client.unwrap(TLSSocket).authorized).toBe(true);
  });

  it('200 echoes of 64 KiB both ways at once do not block each other', async () => {
    let answered = 0;
    const onEnvelope: ConstructorParameters<typeof FakeHub>[0] = (envelope, link) => {
      if (envelope.kind === 'request') void link.send(reply(envelope.id as number, envelope.body));
      else answered += 1;
    };
    const options = { tls: { ...serverTls(), ca: authority.cert } };
    const both = await pair(options, new FakeHub(onEnvelope), new FakeHub(onEnvelope));
    for (let id = 0; id < 200; id += 1) {
      void both.client.link.send(request(id, new Uint8Array(65_536)));
      void both.server.hub.receivers[0]?.link.send(request(id, new Uint8Array(65_536)));
    }
    await until(() => answered === 400, 'every echo', 20_000);
  });

  it('flushes and closes in order', async () => {
    const both = await pair({ tls: { ...serverTls(), ca: authority.cert } }, new FakeHub());
    await both.server.transporter.pause();
    void both.server.hub.receivers[0]?.link.send(reply(1, new Uint8Array(3_000_000)));
    await both.server.transporter.close(5000);
    await until(() => both.client.receiver.received.length === 1, 'the last answer');
  });

  it('notices a silent peer', async () => {
    const { hub, port } = await serve({ heartbeat: 30, tls: serverTls() });
    // Only one of them listens for the other: else the silent one might be the first to close.
    const { client } = await join({ port, heartbeat: 0, tls: { ca: authority.cert } });
    client.unwrap(Socket).removeAllListeners('data');
    await until(() => hub.warnings.length > 0, 'the server to notice');
    expect(hub.warnings[0]).toMatch(/nothing came for 60 ms/);
  });

  it.each([
    ['that nobody vouches for', () => ({ tls: true }), /certificate is refused/],
    [
      'for another name',
      () => ({ tls: { ca: authority.cert, servername: 'elsewhere.example' } }),
      /certificate is refused.*altnames/,
    ],
  ])('ends connect for a certificate %s', async (_, options, why) => {
    const { port } = await serve({ tls: serverTls() });
    const hub = new FakeHub();
    await expect(join({ port, ...options() }, hub)).rejects.toMatchObject({
      code: 400,
      message: expect.stringMatching(why),
    });
    expect(hub.receivers).toEqual([]);
  });

  it('takes any certificate if it is told to', async () => {
    const { port } = await serve({ tls: serverTls() });
    const { hub } = await join({ port, tls: { rejectUnauthorized: false } });
    await echoes(hub, 'x');
  });

  it('on one side only is found out', async () => {
    const plain = await serve();
    await expect(join({ port: plain.port, tls: true })).rejects.toMatchObject({
      code: 400,
      message: expect.stringMatching(/speak TLS/),
    });
    const secure = await serve({ tls: serverTls() });
    const hub = new FakeHub();
    const outsider = tcp({ port: secure.port, reconnect: { initial: 5, max: 10 } }).createClient();
    const connecting = outsider.connect(hub).catch(() => undefined);
    await until(() => hub.outages.length > 0 && secure.hub.warnings.length > 0, 'both sides to notice');
    expect(hub.outages[0]).toMatchObject({ message: expect.stringMatching(/TLS on both sides/) });
    expect(secure.hub.warnings[0]).toMatch(/the TLS handshake with 127.0.0.1:\d+ failed/);
    await outsider.close(0);
    await connecting;
  });

  it('needs key and cert to listen, and such that can be used', async () => {
    await expect(serve({ tls: true })).rejects.toMatchObject({
      code: 400,
      message: expect.stringMatching(/"key" and "cert"/),
    });
    await expect(serve({ tls: { key: 'x', cert: 'y' } })).rejects.toMatchObject({ code: 400 });
    await expect(join({ port: 1, tls: { ca: 'x', cert: 'y', key: 'z' } })).rejects.toMatchObject({ code: 400 });
  });

  it('cuts off who does not finish the handshake', async () => {
    const { port } = await serve({ tls: serverTls(), connectTimeout: 50 });
    const peer = new RawPeer(connectPlain({ port, host: '127.0.0.1' }));
    await peer.closed();
  });
});

describe('mutual TLS', () => {
  it('lets those in whom the authority vouches for, and the handler sees who it is', async () => {
    const { hub, port } = await serve({ tls: { ...serverTls(), ca: authority.cert, requestCert: true } });
    const joined = await join({ port, tls: { ca: authority.cert, key: client.private, cert: client.cert } });
    await echoes(joined.hub, 'x');
    const link = hub.receivers[0]?.link as unknown as { socket: TLSSocket } | undefined;
    expect(link?.socket.getPeerCertificate().subject.CN).toBe('client');
  });

  it('refuses one without a certificate, which ends its connect', async () => {
    const { hub, port } = await serve({ tls: { ...serverTls(), ca: authority.cert, requestCert: true } });
    const joining = join({ port, tls: { ca: authority.cert } });
    await expect(joining).rejects.toMatchObject({ code: 400, message: expect.stringMatching(/refuses our TLS/) });
    expect(hub.receivers).toEqual([]);
  });

  it('refuses one with a certificate of its own, and both sides say so', async () => {
    const { hub, port } = await serve({ tls: { ...serverTls(), ca: authority.cert, requestCert: true } });
    const outsider = new FakeHub();
    const tls = { ca: authority.cert, key: stranger.private, cert: stranger.cert };
    const client = tcp({ port, tls, reconnect: { initial: 5, max: 10 } }).createClient();
    const connecting = client.connect(outsider).catch(() => undefined);
    await until(() => outsider.outages.length > 0 && hub.warnings.length > 0, 'both sides to notice');
    expect(outsider.outages[0]).toMatchObject({
      code: 503,
      message: expect.stringMatching(/does it trust our certificate/),
    });
    expect(hub.warnings[0]).toMatch(/refused the certificate of .*: DEPTH_ZERO_SELF_SIGNED_CERT/);
    await client.close(0);
    await connecting;
    expect([...hub.receivers, ...outsider.receivers]).toEqual([]);
  });
});
