#include "tinygen_app.h"

extern const struct tg_app_model fake_models[2];

int main(void)
{
    tg_app_serve(fake_models, 2);
    return 0;
}
