/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A web server on the loopback for one test program: a thread that answers one request after the
 * other. Paths choose the answer:
 *   /body        200 with the body "{\"a\":1}"
 *   /large       200 that never stops sending, without a Content-Length
 *   /announced   200 that announces 1 GB
 *   /silent      takes the request and answers nothing
 *   /missing     404; /broken 500
 *   /loop        redirects to itself; /moved to /body; /away to a file:// URL
 */
#pragma once

struct http_server;

/* Ends the test program on failure. */
struct http_server *http_server_new(void);
void http_server_free(struct http_server *server);
/* Writes "http://127.0.0.1:PORT" and @path to @size bytes at @url. */
void http_server_url(const struct http_server *server, const char *path, char *url, int size);
