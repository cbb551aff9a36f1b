import { expect, it } from 'vitest';
import type { ConformanceSubject } from './subject.ts';
import { theme } from './theme.ts';

class Unknown {}

export function unwrap(subject: ConformanceSubject): void {
  theme(
    subject,
    'unwrap',
    async (stage) => {
      const service = await stage.service((host) => host.message('echo', (data) => data));
      const client = stage.client();
      await client.connect();
      return { transporter: service.host.transporter('service'), client };
    },
    (use) => {
      it('gives the driver’s own objects', () => {
        const { transporter, client } = use().shared;
        for (const type of subject.unwraps.server) expect(transporter.unwrap(type)).toBeInstanceOf(type);
        for (const type of subject.unwraps.client) expect(client.unwrap(type)).toBeInstanceOf(type);
      });

      it('throws TypeError for any other class', () => {
        const { transporter, client } = use().shared;
        expect(() => transporter.unwrap(Unknown)).toThrow(TypeError);
        expect(() => client.unwrap(Unknown)).toThrow(TypeError);
      });
    },
  );
}
