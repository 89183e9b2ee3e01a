/** Addresses a webhook may be sent to: of the public internet only, judged on the address that is really connected to. */
import { lookup as resolve, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIPv6 } from 'node:net';

/** Loopback, private, link-local, shared, documentation, multicast and reserved networks (IANA special-purpose registries). */
const SPECIAL: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.0.2.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  ['::', 127, 'ipv6'],
  ['64:ff9b::', 96, 'ipv6'],
  ['100::', 64, 'ipv6'],
  ['2001::', 23, 'ipv6'],
  ['2001:db8::', 32, 'ipv6'],
  ['2002::', 16, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
];

/** `address`: an IPv4 or IPv6 literal. An IPv4 address inside an IPv6 one is judged as what it is. */
export function isPublicAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const blocked = new BlockList();
  for (const [network, prefix, family] of SPECIAL) blocked.addSubnet(network, prefix, family);
  if (mapped !== undefined) return !blocked.check(mapped, 'ipv4');
  return !blocked.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

/** For `https.request`: resolves a name and refuses when any of its addresses is not public, so that a name cannot lead inside. */
export function publicLookup(hostname: string, options: LookupOptions, callback: LookupCallback): void {
  resolve(hostname, { ...options, all: true }, (error, found) => {
    if (error !== null) {
      callback(error, '');
      return;
    }
    const inside = found.find(({ address }) => !isPublicAddress(address));
    const first = found[0];
    if (inside !== undefined || first === undefined) {
      callback(new Error(`${hostname}: expected a public address, was ${inside?.address ?? 'none'}`), '');
      return;
    }
    if (options.all === true) callback(null, found);
    else callback(null, first.address, first.family);
  });
}
