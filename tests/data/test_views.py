"""Fixed views: the whole photo in a square, or its mirror image."""

import torch

from getam.data import Draw, DrawnViews, SomeSquares, SquareViews, collate, open_source


def views_of(voc, side=40):
    return SquareViews(open_source(voc, saliency=voc / "saliency"), side)


def test_a_square_and_its_mirror_image(voc):
    views = views_of(voc)
    assert (len(views), views.id_of(1)) == (5, "b")
    square, twin = (views.view(1, mirrored=mirrored) for mirrored in (False, True))
    assert square.image.shape == (3, 40, 40)
    assert (square.mirrored, twin.mirrored) == (False, True)
    for name in ("image", "saliency", "valid"):
        assert torch.equal(getattr(square, name).flip(-1), getattr(twin, name))
    batch = collate([square, twin])
    assert batch.mirrored == [False, True]
    assert batch.features is None


def test_some_squares_are_named_by_their_number(voc):
    squares = SomeSquares(views_of(voc), [3, 0])
    assert [squares[index].id for index in range(len(squares))] == ["d", "a"]
    assert not squares[1].mirrored


def test_chance_only_mirrors_and_a_draw_decides_it(voc):
    views = views_of(voc)
    draws = [Draw(epoch, photo, 0) for epoch in range(8) for photo in range(5)]
    half = DrawnViews(views, flip=0.5, seed=0)
    mirrored = [half[draw].mirrored for draw in draws]
    assert mirrored == [DrawnViews(views, flip=0.5, seed=0)[draw].mirrored for draw in draws]
    assert mirrored != [DrawnViews(views, flip=0.5, seed=1)[draw].mirrored for draw in draws]
    assert 10 < sum(mirrored) < 30
    assert len(half) == 5
    for flip, expected in ((0.0, False), (1.0, True)):
        assert all(DrawnViews(views, flip=flip, seed=0)[d].mirrored is expected for d in draws)
