/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#define EUN__EXPORTS_MAX     32		    /* event maps of a slot that are read */
#define EUN__NOTES_MAX	     64		    /* remarks of a slot */
#define EUN__PERF_BYTES	     262144u	    /* of a perf buffer per CPU, as upstream's loader */
#define EUN__READY_MAX	     64		    /* readers looked at per epoll_wait */
#define EUN__RATE_SECONDS    5		    /* window of events_per_second */
#define EUN__POLL_BUDGET     4096u	    /* records per reader and turn in eun_engine_poll() */
#define EUN__BATCH_DELAY_NS  2000000	    /* events wait at most this long under load */
#define EUN__LOST_MAP	     "eunomia_lost" /* bpf/include/eunomia.bpf.h counts in it */
/* Loaded generations of a slot: as many as a gate has entries (EUN__GATE_ENTRIES), so that what
 * crashes left loaded beyond those kept fails a swap with an error, for want of an entry, at worst.
 */
#define EUN__GENERATIONS_MAX 16
#define EUN__WRITERS_MAX     16 /* swaps of a shared ring whose records were not yet read */
