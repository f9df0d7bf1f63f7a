/* TFLite_Detection_PostProcess on float32. C99 and C++17.
 *
 * Source: tensorflow/lite/micro/kernels/detection_postprocess.cc. TFLM sorts all boxes by score, then goes down
 * the list; here the best box that is left is looked up for each detection, which gives the same detections in
 * the same order (the first of equal scores first), and needs no memory for the list. */
#ifndef TINYGEN_KERNELS_PORTABLE_DETECTION_POST_PROCESS_H
#define TINYGEN_KERNELS_PORTABLE_DETECTION_POST_PROCESS_H

#include <math.h>

#include "../common.h"

/* boxes: number of anchors; encoding: numbers an encoded box has, of which 4 count; scored: classes that have
 * scores, the background first where it is one of them; classes: without the background; per_class: detections
 * of a class at most (regular); max_detections: rows of the outputs; score_threshold: least score;
 * iou_threshold: intersection over union above which the worse of two boxes goes; scales: divisors. */
struct tg_detection_params {
    int32_t boxes;
    int32_t encoding;
    int32_t scored;
    int32_t classes;
    int32_t per_class;
    int32_t max_detections;
    float score_threshold;
    float iou_threshold;
    float y_scale;
    float x_scale;
    float h_scale;
    float w_scale;
};

/* Half the height or width of a box, from its encoding and the anchor's; in double precision, as in TFLM. */
static TG_INLINE float tg_detection_half(float encoded, float scale, float anchor)
{
    return (float)(0.5 * exp((double)encoded / (double)scale) * (double)anchor);
}

/* The centre of a box. */
static TG_INLINE float tg_detection_centre(float encoded, float scale, float size, float anchor)
{
    return (float)((double)encoded / (double)scale * (double)size + (double)anchor);
}

/* Corners (ymin, xmin, ymax, xmax) of every box.
 *
 * encodings: [boxes, encoding] (y, x, h, w, …); anchors: [boxes, 4] (y, x, h, w); corners: [boxes, 4].
 * Returns whether all boxes have an area; TFLM's inference fails where one has none. */
static TG_SHARED int32_t tg_detection_decode(
    const float *encodings, const float *anchors, float *corners, const struct tg_detection_params *p)
{
    int32_t valid = 1;
    for (int32_t box = 0; box < p->boxes; ++box) {
        const float y = tg_detection_centre(encodings[0], p->y_scale, anchors[2], anchors[0]);
        const float x = tg_detection_centre(encodings[1], p->x_scale, anchors[3], anchors[1]);
        const float half_h = tg_detection_half(encodings[2], p->h_scale, anchors[2]);
        const float half_w = tg_detection_half(encodings[3], p->w_scale, anchors[3]);
        corners[0] = y - half_h;
        corners[1] = x - half_w;
        corners[2] = y + half_h;
        corners[3] = x + half_w;
        if (corners[0] >= corners[2] || corners[1] >= corners[3]) {
            valid = 0;
        }
        encodings += p->encoding;
        anchors += 4;
        corners += 4;
    }
    return valid;
}

static TG_INLINE float tg_detection_larger(float a, float b)
{
    return a < b ? b : a;
}

static TG_INLINE float tg_detection_smaller(float a, float b)
{
    return b < a ? b : a;
}

/* Intersection over union of two boxes (ymin, xmin, ymax, xmax). */
static TG_INLINE float tg_detection_overlap(const float *a, const float *b)
{
    const float area_a = (a[2] - a[0]) * (a[3] - a[1]);
    const float area_b = (b[2] - b[0]) * (b[3] - b[1]);
    if (area_a <= 0.0F || area_b <= 0.0F) {
        return 0.0F;
    }
    const float height = tg_detection_smaller(a[2], b[2]) - tg_detection_larger(a[0], b[0]);
    const float width = tg_detection_smaller(a[3], b[3]) - tg_detection_larger(a[1], b[1]);
    const float common = tg_detection_larger(height, 0.0F) * tg_detection_larger(width, 0.0F);
    return common / (area_a + area_b - common);
}

/* Marks the boxes whose score is high enough. score of box i: scores[i * pitch]. */
static TG_INLINE void tg_detection_start(
    const float *scores, int32_t pitch, uint8_t *active, const struct tg_detection_params *p)
{
    for (int32_t box = 0; box < p->boxes; ++box) {
        active[box] = scores[box * pitch] >= p->score_threshold;
    }
}

/* The best box that is still marked, the first of equals; it and the marked boxes that overlap it too much lose
 * their marks. Returns -1 where no box is marked. */
static TG_SHARED int32_t tg_detection_next(
    const float *scores, int32_t pitch, const float *corners, uint8_t *active,
    const struct tg_detection_params *p)
{
    int32_t best = -1;
    for (int32_t box = 0; box < p->boxes; ++box) {
        if (active[box] != 0 && (best < 0 || scores[box * pitch] > scores[best * pitch])) {
            best = box;
        }
    }
    if (best < 0) {
        return best;
    }
    active[best] = 0;
    for (int32_t box = 0; box < p->boxes; ++box) {
        if (active[box] != 0
            && tg_detection_overlap(corners + 4 * best, corners + 4 * box) > p->iou_threshold) {
            active[box] = 0;
        }
    }
    return best;
}

/* Zeroes in the rows from `first` on. */
static TG_INLINE void tg_detection_clear(
    float *boxes, float *classes, float *scores, int32_t first, const struct tg_detection_params *p)
{
    for (int32_t row = first; row < p->max_detections; ++row) {
        for (int32_t i = 0; i < 4; ++i) {
            boxes[4 * row + i] = 0.0F;
        }
        classes[row] = 0.0F;
        scores[row] = 0.0F;
    }
}

/* Fast suppression: each box competes with the score of its best class.
 *
 * encodings: [boxes, encoding]; class_scores: [boxes, scored]; anchors: [boxes, 4];
 * boxes: [max_detections, 4]; classes, scores: [max_detections]; count: [1];
 * corners, best: scratch, [boxes, 4] and [boxes] floats; active: scratch, [boxes] bytes. */
static TG_INLINE void tg_detection_fast(
    const float *encodings, const float *class_scores, const float *anchors, float *boxes, float *classes,
    float *scores, float *count, uint8_t *corners, uint8_t *active, uint8_t *best, struct tg_detection_params p)
{
    float *const box_corners = (float *)(void *)corners;
    float *const best_scores = (float *)(void *)best;
    const float *const first = class_scores + (p.scored - p.classes);
    int32_t found = 0;
    if (tg_detection_decode(encodings, anchors, box_corners, &p)) {
        for (int32_t box = 0; box < p.boxes; ++box) {
            best_scores[box] = first[box * p.scored];
            for (int32_t i = 1; i < p.classes; ++i) {
                best_scores[box] = tg_detection_larger(best_scores[box], first[box * p.scored + i]);
            }
        }
        tg_detection_start(best_scores, 1, active, &p);
        while (found < p.max_detections) {
            const int32_t box = tg_detection_next(best_scores, 1, box_corners, active, &p);
            if (box < 0) {
                break;
            }
            int32_t category = 0;
            while (category < p.classes - 1 && first[box * p.scored + category] < best_scores[box]) {
                ++category;
            }
            memcpy(boxes + 4 * found, box_corners + 4 * box, 4 * sizeof(float));
            classes[found] = (float)category;
            scores[found] = best_scores[box];
            ++found;
        }
    }
    tg_detection_clear(boxes, classes, scores, found, &p);
    count[0] = (float)found;
}

/* Regular suppression: the boxes compete in each class by themselves, the best detections of all classes remain.
 *
 * Operands as for tg_detection_fast. The outputs are kept sorted by score, the first found of equals first. */
static TG_INLINE void tg_detection_regular(
    const float *encodings, const float *class_scores, const float *anchors, float *boxes, float *classes,
    float *scores, float *count, uint8_t *corners, uint8_t *active, struct tg_detection_params p)
{
    float *const box_corners = (float *)(void *)corners;
    int32_t found = 0;
    const int32_t valid = tg_detection_decode(encodings, anchors, box_corners, &p);
    for (int32_t category = 0; valid && category < p.classes; ++category) {
        const float *const of_class = class_scores + (p.scored - p.classes) + category;
        tg_detection_start(of_class, p.scored, active, &p);
        for (int32_t kept = 0; kept < p.per_class; ++kept) {
            const int32_t box = tg_detection_next(of_class, p.scored, box_corners, active, &p);
            if (box < 0) {
                break;
            }
            const float score = of_class[box * p.scored];
            int32_t row = found;
            while (row > 0 && scores[row - 1] < score) {
                --row;
            }
            if (row == p.max_detections) {
                break;
            }
            found = found < p.max_detections ? found + 1 : found;
            for (int32_t moved = found - 1; moved > row; --moved) {
                memcpy(boxes + 4 * moved, boxes + 4 * (moved - 1), 4 * sizeof(float));
                classes[moved] = classes[moved - 1];
                scores[moved] = scores[moved - 1];
            }
            memcpy(boxes + 4 * row, box_corners + 4 * box, 4 * sizeof(float));
            classes[row] = (float)category;
            scores[row] = score;
        }
    }
    tg_detection_clear(boxes, classes, scores, found, &p);
    count[0] = (float)found;
}

#endif
