import { edgeContract } from '../contracts/edge/edge-under-test.js';
import { rtmpEncoders } from '../contracts/edge/rtmp-encoders.js';
import { rtmpNames } from '../contracts/edge/rtmp-names.js';
import { rtmpPlayers } from '../contracts/edge/rtmp-players.js';

edgeContract('RTMP encoders', rtmpEncoders);
edgeContract('RTMP players', rtmpPlayers);
edgeContract('RTMP names', rtmpNames);
