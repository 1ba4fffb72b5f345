// The files that make the binary work with nothing beside it.
#include "CTurnoutDefaults.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char static_encoder[] __attribute__((aligned(64))) = {
#embed "static-encoder.safetensors" if_empty(0)
};

static const unsigned char default_router[] __attribute__((aligned(64))) = {
#embed "default-router.safetensors" if_empty(0)
};

static const unsigned char catalogue[] __attribute__((aligned(64))) = {
#embed "catalogue.jsonl" if_empty(0)
};

static const unsigned char task_classifier[] __attribute__((aligned(64))) = {
#embed "task-classifier.safetensors" if_empty(0)
};

// C has no empty arrays, so an empty file became one zero byte. None of these files is that short.
static turnout_embedded_file file(const unsigned char *start, size_t length) {
    turnout_embedded_file found = {start, length > 1 ? length : 0};
    return found;
}

turnout_embedded_file turnout_embedded_static_encoder(void) { return file(static_encoder, sizeof static_encoder); }

turnout_embedded_file turnout_embedded_default_router(void) { return file(default_router, sizeof default_router); }

turnout_embedded_file turnout_embedded_catalogue(void) { return file(catalogue, sizeof catalogue); }

turnout_embedded_file turnout_embedded_task_classifier(void) { return file(task_classifier, sizeof task_classifier); }
