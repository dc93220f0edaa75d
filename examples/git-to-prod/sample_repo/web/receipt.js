// The page of a receipt: shows what the server has reckoned.

export function shown(cents) {
  return (cents / 100).toFixed(2);
}

export function line(name, price) {
  return `${name.padEnd(24)}${price.padStart(8)}`;
}
