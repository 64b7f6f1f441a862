/**
 * `@dolphin/protocol/plain.js`: what needs no schema. Loading zod and the schemas takes longer than bare Node does; what
 * lives for a moment, or is started while viewers wait, takes its types from the whole package, and its values from here.
 */
export * from './default-addresses.js';
export * from './edge-name.js';
export * from './errors.js';
export * from './hand-off-bounds.js';
export * from './loopback.js';
export * from './name-pattern.js';
export * from './one-line.js';
export * from './shape.js';
export * from './version.js';
