/* SPDX-License-Identifier: Apache-2.0 */
/* Every wait is bounded by the peer: the client under test has time limits and hangs up. */
#include "http_server.h"

#include "base/fd.h"

#include <arpa/inet.h>
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct http_server {
	int fd;
	int port;
	pthread_t thread;
};

static const struct {
	const char *path;
	const char *answer;
} answers[] = {
	{ "/body", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}" },
	{ "/large", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" },
	{ "/announced", "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nx" },
	{ "/silent", "" },
	{ "/missing", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" },
	{ "/broken", "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n" },
	{ "/loop", "HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n" },
	{ "/moved", "HTTP/1.1 302 Found\r\nLocation: /body\r\nContent-Length: 0\r\n\r\n" },
	{ "/away", "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n"
		   "Content-Length: 0\r\n\r\n" },
};

/* Reads one request's head; false when the peer has hung up. */
static int read_request(int fd, char *request, size_t size)
{
	size_t n = 0;

	while (n < size - 1) {
		ssize_t r = read(fd, request + n, size - 1 - n);

		if (r <= 0)
			return 0;
		n += (size_t)r;
		request[n] = '\0';
		if (strstr(request, "\r\n\r\n"))
			return 1;
	}
	return 0;
}

static void send_without_end(int fd)
{
	static const char junk[65536];

	while (eub_write_all(fd, junk, sizeof(junk)) == 0)
		continue;
}

static void serve(int fd)
{
	char request[4096];

	while (read_request(fd, request, sizeof(request))) {
		for (size_t i = 0; i < EUB_ARRAY_SIZE(answers); i++) {
			size_t n = strlen(answers[i].path);

			if (strncmp(request + 4, answers[i].path, n) != 0)
				continue;
			(void)eub_write_all(fd, answers[i].answer, strlen(answers[i].answer));
			if (strcmp(answers[i].path, "/large") == 0)
				send_without_end(fd);
		}
	}
}

static void *run(void *userdata)
{
	const struct http_server *server = userdata;
	int fd;

	while ((fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		serve(fd);
		(void)close(fd);
	}
	return NULL;
}

struct http_server *http_server_new(void)
{
	struct http_server *server = calloc(1, sizeof(*server));
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	int r;

	assert(server);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert(server->fd >= 0);
	r = bind(server->fd, (struct sockaddr *)&address, sizeof(address));
	assert(r == 0);
	r = listen(server->fd, 8);
	assert(r == 0);
	r = getsockname(server->fd, (struct sockaddr *)&address, &size);
	assert(r == 0);
	server->port = ntohs(address.sin_port);
	r = pthread_create(&server->thread, NULL, run, server);
	assert(r == 0);
	return server;
}

void http_server_free(struct http_server *server)
{
	(void)shutdown(server->fd, SHUT_RDWR);
	(void)pthread_join(server->thread, NULL);
	(void)close(server->fd);
	free(server);
}

void http_server_url(const struct http_server *server, const char *path, char *url, int size)
{
	(void)snprintf(url, (size_t)size, "http://127.0.0.1:%d%s", server->port, path);
}
