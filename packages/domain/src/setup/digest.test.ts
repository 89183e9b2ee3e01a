import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hex, idOf, sha1, sha256, utf8, uuidV5 } from './digest.ts';

test('4.1 SHA-1 and SHA-256 give the vectors of FIPS 180-4', () => {
  expect(hex(sha1(utf8('abc')))).toBe('a9993e364706816aba3e25717850c26c9cd0d89d');
  expect(hex(sha256(utf8('abc')))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(hex(sha1(utf8('')))).toBe('da39a3ee5e6b4b0d3255bfef95601890afd80709');
});

test('4.1 digests of any text agree with the platform, across every padding length', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
      const bytes = utf8(text);
      expect(hex(bytes)).toBe(Buffer.from(text, 'utf8').toString('hex'));
      expect(hex(sha1(bytes))).toBe(createHash('sha1').update(text).digest('hex'));
      expect(hex(sha256(bytes))).toBe(createHash('sha256').update(text).digest('hex'));
    }),
    { seed: 7, numRuns: 300 },
  );
});

test('4.1 a version 5 UUID is that of RFC 9562 appendix A.4', () => {
  const dns = Uint8Array.from([0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8]);
  expect(uuidV5(dns, 'www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
});

test('4.1 parts cannot run into each other: another split, another id', () => {
  expect(idOf('ab', 'c')).not.toBe(idOf('a', 'bc'));
  expect(idOf('a', 1)).toBe(idOf('a', 1));
});
