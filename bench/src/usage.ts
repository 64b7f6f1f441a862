export const USAGE = `usage: ./dolphin bench edge [--players 2000] [--seconds 20] [--rounds 3] [--protocol rtmp|flv] [--json]
       ./dolphin bench load rtmp|flv --url URL [--players 100] [--seconds 10] [--json]
       ./dolphin bench floor --port PORT --bytes N --interval-ms MS

edge   the built-in edge, and SRS when SRS_BIN names one, against a program that only writes the same bytes
load   players that count what they get; exit code 1 when some starve
floor  that program by itself
`;
