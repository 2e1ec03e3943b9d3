from tests.consensus.cluster import Cluster


def test_smoke():
    cluster = Cluster(4)
    cluster.run(1200)
    cluster.nodes[1].submit("a", "b")
    assert cluster.run_to_height(1, 3000)
    print(cluster.now)
    cluster.run(3000)
    assert [n.engine.certified for n in cluster.nodes] == [1] * 4
    for i in range(20):
        cluster.nodes[i % 4].submit(f"t{i}")
        h = cluster.height()
        assert cluster.run_to_height(h + 1, 3000), i
        print(cluster.now, cluster.height())
