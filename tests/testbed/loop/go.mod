module bed.isobar.test/loop

go 1.26

tool bed.isobar.test/loop
