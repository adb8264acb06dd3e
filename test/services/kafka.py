"""Three brokers of Kafka in this process, by librdkafka's mock cluster, until its standard input or its parent ends."""

import os
import signal
import sys

from confluent_kafka import Producer

# Its own configuration asks for a server, which the mock cluster then is.
producer = Producer({'bootstrap.servers': '127.0.0.1:1', 'test.mock.num.brokers': 3, 'log_level': 0})
brokers = producer.list_topics(timeout=30).brokers.values()
addresses = ','.join(f'{broker.host}:{broker.port}' for broker in brokers)
with open(sys.argv[1] + '.new', 'w', encoding='ascii') as file:
    file.write(addresses)
os.rename(sys.argv[1] + '.new', sys.argv[1])
signal.pause()
