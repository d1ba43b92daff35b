/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounds on what a peer, a package or a flood can make the agent grow. Those with a key in
 * eunomiad.conf are upper bounds of that key; its default may be lower.
 */
#pragma once

/* Clients at once. Each costs about 20 kB, more while it has unread answers. */
#define LIMIT_CONNECTIONS	   1024
/* Event streams at once; each may hold LIMIT_STREAM_BACKLOG_BYTES. */
#define LIMIT_EVENT_STREAMS	   1024
/* Unsent bytes of one event stream. */
#define LIMIT_STREAM_BACKLOG_BYTES (64u << 20)
/* Starts whose package is being loaded; each holds its package in memory. */
#define LIMIT_PENDING_STARTS	   64
/* Slot names that one stream may filter by. */
#define LIMIT_STREAM_SLOTS	   64
/* Rings in which one stream may go on where an earlier one ended. */
#define LIMIT_STREAM_POSITIONS	   4096
/* Settings, arguments and types of one start. */
#define LIMIT_START_LIST	   256
/* Text of all those together, bytes; a slot keeps that of each generation of its history. */
#define LIMIT_START_TEXT_BYTES	   (64u << 10)
/* Files in trackers.d; each holds its package in memory while they are compared. */
#define LIMIT_DECLARED		   1024
/* Bytes and entries that wait for the journal. */
#define LIMIT_JOURNAL_QUEUE_BYTES  (256u << 20)
#define LIMIT_JOURNAL_QUEUE_EVENTS 1000000
/* One event as a journal entry, bytes; journald's own default limit of a field is 768 kB. */
#define LIMIT_JOURNAL_ENTRY_BYTES  (256u << 10)
/* One event in any format, bytes: what is longer is counted as lost. */
#define LIMIT_EVENT_BYTES	   (1u << 20)
/* A ring buffer of a tracker, bytes: the kernel's own memory. */
#define LIMIT_RING_BYTES	   (1u << 30)
/* Bytes of a batch of events; one more event may go over it. */
#define LIMIT_BATCH_BYTES	   (16u << 10)
/* An installed tracker's file, bytes. */
#define LIMIT_TRACKER_FILE_BYTES   (16u << 20)
/* A slot's record on disk, bytes: a history of starts with LIMIT_START_TEXT_BYTES each. */
#define LIMIT_STATE_SLOT_BYTES	   (4u << 20)
/* The configuration file, bytes of a line. */
#define LIMIT_CONFIG_LINE_BYTES	   1024
/* Log line, bytes; longer text is cut. At most PIPE_BUF, so that a line is written whole. */
#define LIMIT_LOG_LINE_BYTES	   2048
