export const USAGE = `usage: ./dolphin bench edge [--scenario players|streams|publishers|latency] [--players N] [--streams 500]
                    [--publishers 1000] [--protocol rtmp|flv] [--program NAME]... [--srs FILE]
                    [--seconds 20] [--rounds 3] [--json]
       ./dolphin bench proxy [--players 2000] [--churn 200] [--seconds 20] [--rounds 3] [--peer NAME=COMMAND]... [--json]
       ./dolphin bench crowd [--players 20000] [--edges 4] [--seconds 20] [--mode MODE] [--burst] [--json]
       ./dolphin bench control [--edges 16] [--kills 10] [--seconds 20] [--entries 100000,1000000] [--json]
       ./dolphin bench load rtmp|flv --url URL [--players 100] [--seconds 10] [--json]
       ./dolphin bench floor --port PORT --bytes N --interval-ms MS

edge   the built-in edge, SRS (--srs, or SRS_BIN), nginx-rtmp and node-media-server, or only each --program, against a
       program that only writes the same bytes (floor); HAProxy, which relays the floor, tells whether the machine is
       quiet enough. --scenario: players (default) 2000 of one stream; streams 10000 players on so many streams against
       as many on one; publishers so many, in CPU time for each megabyte received; latency 10 players with min_latency,
       from a publisher's write to a player's read
proxy  a pod by relay and by hand-off against HAProxy (plain and splice), nginx, and each --peer (a command line with
       {port} to listen on and {edge} to connect to), while --churn players a second come and leave
crowd  very many players of 250 kbit/s through one pod by --mode hand-off (default) or relay, or by haproxy to the same
       edges; with --burst all of them dial at once
control  a farm of one host: how long a command, a restart, a status take, what it costs idle, and how fast a master
       folds a log of so many entries
load   players that count what they get; exit code 1 when some starve, 69 when nobody serves them
floor  that program by itself; with --bytes 0 it only reads
`;
