/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MESSAGE_ID of the agent's log lines and journal records that are fixed in kind. Each is
 * explained, with cause and remedy, in systemd/eunomia.catalog. An id is never reused for another
 * meaning.
 */
#pragma once

#define LOG_ID_AGENT_STARTED	  "a3b22aeccb8a4fce9462fd8b3500b0da"
#define LOG_ID_AGENT_STOPPED	  "1e6c906aaa2d4c23a7ddcec32ac15dab"
#define LOG_ID_AGENT_RELOADED	  "f8840e339552409eb4a61f1155936a41"
#define LOG_ID_FEATURES_MISSING	  "01d8e05f4ac046f1ac12544bc5a467b0"
#define LOG_ID_CONFIG_IGNORED	  "5ea93269c52540f68b22a460bfe4be71"
#define LOG_ID_SLOT_STARTED	  "3022d4c97f7d4913a50ecd067ee9b546"
#define LOG_ID_SLOT_START_FAILED  "c9338c31cc8d4498981e4e8a86d6c9c1"
#define LOG_ID_SLOT_STOPPED	  "b76aaf053d5940aa957f6075bb7b15c5"
#define LOG_ID_SLOT_PAUSED	  "6c2bc504f6d24e16a81b609b083e2e68"
#define LOG_ID_SLOT_RESUMED	  "66153ee79d7e47178d60e74612ff3ee1"
#define LOG_ID_SLOT_SWAPPED	  "63682f1d49614a14aed22191c2b971f3"
#define LOG_ID_SLOT_PROBATION	  "9dff1f4bf6ee46ad9bc5e67ef35b0fce"
#define LOG_ID_SLOT_LEFT	  "725cfdb99edd4e8ea3a15c2243d10b29"
#define LOG_ID_SLOT_TAKEN_OVER	  "35cafa0627a8488eb059c92d8b11d2e0"
#define LOG_ID_SLOT_AFRESH	  "e7087b7872fd4099a0b5aff064588762"
#define LOG_ID_SLOT_QUARANTINED	  "b99c91ca1da24506813dfe87decbea51"
#define LOG_ID_SLOT_WAITS	  "614a18695bd74613b6eab5b162799518"
#define LOG_ID_STATE_FAILED	  "ca13ace32b484ce6bae09d946e309dcc"
#define LOG_ID_SURVIVAL_LIMITED	  "ceaa1a4d846e48d19e816b0a27cd1eb8"
#define LOG_ID_DECLARATION_BAD	  "fb23a1700b214afabce0c8a71ca1cab7"
#define LOG_ID_EVENTS_LOST	  "9cbc5a42c526461bbfc3aadee324a66b"
#define LOG_ID_JOURNAL_LEFT_OUT	  "257790c1c96941349b1c3621006d3875"
#define LOG_ID_CALL_AUDITED	  "9784ee5df2534546b942e960edf88191"
#define LOG_ID_CONNECTION_REFUSED "b5dc4436797545ae98f050b577a32dea"
#define LOG_ID_SLOW_CLIENT	  "7735622551fe4be8a699c0905a7e175f"
