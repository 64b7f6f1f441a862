/** Farm and host names: they become parts of NATS subjects, stream names and file names. */
export const NAME_PATTERN = /^[a-z0-9][a-z0-9-]{0,62}$/;
