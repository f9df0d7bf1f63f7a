#include "tinygen_app.h"

#include <stdbool.h>

#include "tg_frame.h"
#include "tg_measure.h"
#include "tinygen_bsp.h"

enum { PROTOCOL_VERSION = 1 };

enum request {
    REQUEST_HELLO = 0x01,
    REQUEST_INFO = 0x02,
    REQUEST_RESET = 0x03,
    REQUEST_RUN = 0x04,
    REQUEST_TRACE = 0x05,
};

enum { ANSWER = 0x80, ANSWER_ERROR = 0xFF };

enum error {
    ERROR_NONE = 0,
    ERROR_DAMAGED = 1,
    ERROR_REQUEST = 2,
    ERROR_LENGTH = 3,
    ERROR_MODEL = 4,
    ERROR_RANGES = 5,
};

/* Bytes of the arena to send right after a layer. */
struct range {
    uint32_t layer;
    uint32_t offset;
    uint32_t bytes;
};

struct server {
    const struct tg_app_model *models; /* [count] */
    size_t count;
    struct tg_frame_reader in;
    struct tg_frame_writer out;
    uint32_t range_count;
    struct range ranges[TG_APP_TRACE_RANGES];
};

/* The hook's context of a TRACE. */
struct tracer {
    struct server *server;
    const uint8_t *arena;
    uint32_t next; /* range to send */
};

static void write_text(struct tg_frame_writer *out, const char *text)
{
    size_t size = 0;

    while (size < 255 && text[size] != '\0') {
        size++;
    }
    tg_frame_write_u8(out, (uint8_t)size);
    tg_frame_write(out, (const uint8_t *)text, size);
}

static void write_sizes(struct tg_frame_writer *out, const uint32_t *sizes, uint32_t count)
{
    tg_frame_write_u8(out, (uint8_t)count);
    for (uint32_t i = 0; i < count; i++) {
        tg_frame_write_u32(out, sizes[i]);
    }
}

/* Read the index of a model; NULL when there is no such model. */
static const struct tg_app_model *read_model(struct server *server)
{
    uint8_t index = tg_frame_read_u8(&server->in);

    return index < server->count ? &server->models[index] : NULL;
}

/* Read straight into the input buffers: should the frame prove damaged, the run is refused. */
static void read_inputs(struct server *server, const struct tg_app_model *model)
{
    for (uint32_t i = 0; i < model->input_count; i++) {
        if (!tg_frame_read(&server->in, model->input(i), model->input_bytes[i])) {
            return;
        }
    }
}

/* Read the ranges of a TRACE; false when they break a rule. */
static bool read_ranges(struct server *server, const struct tg_app_model *model)
{
    uint32_t last = 0;
    bool valid = true;

    server->range_count = tg_frame_read_u8(&server->in);
    if (server->range_count > TG_APP_TRACE_RANGES) {
        return false;
    }
    for (uint32_t i = 0; i < server->range_count; i++) {
        struct range *range = &server->ranges[i];
        range->layer = tg_frame_read_u32(&server->in);
        range->offset = tg_frame_read_u32(&server->in);
        range->bytes = tg_frame_read_u32(&server->in);
        valid = valid && range->layer >= last && range->layer < model->layers &&
                range->offset <= model->arena_bytes && range->bytes <= model->arena_bytes - range->offset;
        last = range->layer;
    }
    return valid;
}

static void answer_hello(struct server *server)
{
    tg_frame_write_u8(&server->out, PROTOCOL_VERSION);
    tg_frame_write_u8(&server->out, (uint8_t)server->count);
    tg_frame_write_u8(&server->out, TG_APP_TRACE_RANGES);
    tg_frame_write_u32(&server->out, tg_ticks_hz());
}

static void answer_info(struct server *server, const struct tg_app_model *model)
{
    write_text(&server->out, model->name);
    write_text(&server->out, model->tool);
    tg_frame_write(&server->out, model->digest, TG_APP_DIGEST_BYTES);
    tg_frame_write_u32(&server->out, model->layers);
    tg_frame_write_u32(&server->out, model->arena_bytes);
    tg_frame_write_u32(&server->out, model->state_bytes);
    write_sizes(&server->out, model->input_bytes, model->input_count);
    write_sizes(&server->out, model->output_bytes, model->output_count);
}

static void answer_run(struct server *server, const struct tg_app_model *model,
                       const struct tg_measurement *measured)
{
    tg_frame_write_u32(&server->out, measured->stack);
    tg_frame_write_u32(&server->out, measured->overhead);
    tg_frame_write_u32(&server->out, measured->tail);
    for (uint32_t i = 0; i < model->layers; i++) {
        tg_frame_write_u32(&server->out, model->ticks[i]);
    }
    for (uint32_t i = 0; i < model->output_count; i++) {
        tg_frame_write(&server->out, model->output(i), model->output_bytes[i]);
    }
}

/* Sends the ranges of a layer while the arena still holds them, so that they need no RAM. */
static void send_ranges(void *context, uint32_t layer)
{
    struct tracer *tracer = context;
    struct server *server = tracer->server;

    while (tracer->next < server->range_count && server->ranges[tracer->next].layer == layer) {
        const struct range *range = &server->ranges[tracer->next];
        tg_frame_write(&server->out, tracer->arena + range->offset, range->bytes);
        tracer->next++;
    }
}

static void trace(struct server *server, const struct tg_app_model *model)
{
    struct tracer tracer = {.server = server, .arena = model->arena(), .next = 0};

    model->set_hook(send_ranges, &tracer);
    model->run();
    model->set_hook(NULL, NULL);
}

/* Read the payload of a request; what it asks for is done only when the whole frame proves intact. */
static enum error read_request(struct server *server, uint8_t type, const struct tg_app_model **model)
{
    enum error error = ERROR_NONE;

    *model = NULL;
    if (type < REQUEST_HELLO || type > REQUEST_TRACE) {
        error = ERROR_REQUEST;
    } else if (type != REQUEST_HELLO) {
        *model = read_model(server);
        if (*model == NULL) {
            error = ERROR_MODEL;
        } else if (type == REQUEST_TRACE && !read_ranges(server, *model)) {
            error = ERROR_RANGES;
        } else if (type == REQUEST_RUN || type == REQUEST_TRACE) {
            read_inputs(server, *model);
        }
    }
    switch (tg_frame_close(&server->in)) {
    case TG_FRAME_INTACT:
        return error;
    case TG_FRAME_LENGTH:
        return error != ERROR_NONE ? error : ERROR_LENGTH;
    case TG_FRAME_DAMAGED:
    default:
        return ERROR_DAMAGED;
    }
}

static void refuse(struct server *server, uint8_t sequence, enum error error)
{
    /* Of a damaged frame the sequence number may be damaged too. */
    tg_frame_begin(&server->out, ANSWER_ERROR, error == ERROR_DAMAGED ? 0 : sequence);
    tg_frame_write_u8(&server->out, (uint8_t)error);
    tg_frame_end(&server->out);
}

static void answer(struct server *server, uint8_t type, uint8_t sequence, const struct tg_app_model *model)
{
    struct tg_measurement measured = {0, 0, 0};

    if (type == REQUEST_RUN) {
        measured = tg_measure_run(model);
    } else if (type == REQUEST_RESET) {
        model->reset();
    }
    tg_frame_begin(&server->out, (uint8_t)(type | ANSWER), sequence);
    if (type == REQUEST_HELLO) {
        answer_hello(server);
    } else if (type == REQUEST_INFO) {
        answer_info(server, model);
    } else if (type == REQUEST_RUN) {
        answer_run(server, model, &measured);
    } else if (type == REQUEST_TRACE) {
        trace(server, model);
    }
    tg_frame_end(&server->out);
}

void tg_app_serve(const struct tg_app_model *models, size_t count)
{
    /* Static: the stack is measured, and a board's may be small. */
    static struct server server;

    tg_console_init();
    server.models = models;
    server.count = count;
    for (size_t i = 0; i < count; i++) {
        models[i].init();
        models[i].reset();
    }
    while (tg_frame_open(&server.in)) {
        const struct tg_app_model *model;
        uint8_t type = tg_frame_read_u8(&server.in);
        uint8_t sequence = tg_frame_read_u8(&server.in);
        enum error error = read_request(&server, type, &model);
        if (server.in.state == TG_FRAME_CLOSED) {
            return;
        }
        if (error != ERROR_NONE) {
            refuse(&server, sequence, error);
        } else {
            answer(&server, type, sequence, model);
        }
    }
}
