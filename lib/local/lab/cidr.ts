/** An IPv4 network such as 10.77.0.0/24, as numbers. */
export interface Cidr {
  readonly network: number;
  readonly prefix: number;
}

/** An IPv4 address as a number, or undefined if `text` is not one. */
export function parseAddress(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) {
    return undefined;
  }
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** The network of `text` (address/prefix; host bits are dropped), or undefined if it is not one. */
export function parseCidr(text: string): Cidr | undefined {
  const [addressText = '', prefixText = '32', ...rest] = text.split('/');
  const address = parseAddress(addressText);
  if (address === undefined || rest.length > 0 || !/^\d{1,2}$/.test(prefixText) || Number(prefixText) > 32) {
    return undefined;
  }
  const prefix = Number(prefixText);
  const size = 2 ** (32 - prefix);
  return { network: address - (address % size), prefix };
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

export function contains({ network, prefix }: Cidr, address: number): boolean {
  return address >= network && address < network + 2 ** (32 - prefix);
}

export function overlap(one: Cidr, other: Cidr): boolean {
  return contains(one, other.network) || contains(other, one.network);
}

/** This computer's address in a lab network: the first. */
export function gatewayOf(cidr: Cidr): string {
  return formatAddress(cidr.network + 1);
}
